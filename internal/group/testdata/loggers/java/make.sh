#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs a JDK 17 and Debian 12's liblogback-java (1.2.11),
# liblogstash-logback-encoder-java (7.2), liblog4j2-java (2.19) with libjackson2-databind-java, libslf4j-java (1.7.32).
# Logback's own JsonEncoder is younger (1.3.8): logback-json.log is written by hand from its documentation.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
jars=/usr/share/java
jackson=$jars/jackson-core.jar:$jars/jackson-databind.jar:$jars/jackson-annotations.jar
logback=$jars/slf4j-api.jar:$jars/logback-core.jar:$jars/logback-classic.jar:$jars/logstash-logback-encoder.jar:$jackson
log4j=$jars/log4j-api.jar:$jars/log4j-core.jar:$jackson
javac -encoding UTF-8 -cp "$logback:$log4j" -d . "$here/Shop.java"

logback() { # name, encoder
	echo "<configuration><appender name='OUT' class='ch.qos.logback.core.ConsoleAppender'>$2</appender><root level='INFO'><appender-ref ref='OUT'/></root></configuration>" >logback.xml
	java -Dfile.encoding=UTF-8 -cp ".:$logback" Shop slf4j >"$here/$1.log"
}
logback logback-pattern "<encoder><pattern>%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n</pattern></encoder>"
logback logback-default "<encoder><pattern>%d{HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n</pattern></encoder>"
logback spring-boot "<encoder><pattern>%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %5p 4711 --- [%15.15t] %-40.40logger{39} : %m%n</pattern></encoder><!-- the pattern of Spring Boot 3 -->"
logback logstash "<encoder class='net.logstash.logback.encoder.LogstashEncoder'/>"

log4j() { # name, layout
	echo "<Configuration><Appenders><Console name='OUT'>$2</Console></Appenders><Loggers><Root level='info'><AppenderRef ref='OUT'/></Root></Loggers></Configuration>" >log4j2.xml
	java -Dfile.encoding=UTF-8 -cp ".:$log4j" Shop log4j >"$here/$1.log"
}
log4j log4j-pattern "<PatternLayout pattern='%d %-5p [%t] %C{2} (%F:%L) - %m%n'/>"
log4j log4j-json "<JsonLayout compact='true' eventEol='true' properties='true'/>"
log4j log4j-gelf "<GelfLayout host='web-1' compressionType='OFF' includeNewLineDelimiter='true'/>"
log4j log4j-rfc5424 "<Rfc5424Layout appName='shop' enterpriseNumber='18060' includeMDC='true' newLine='true'/>"
sed -i "s# $(hostname) # web-1 #" "$here/log4j-rfc5424.log"
java -Dfile.encoding=UTF-8 -cp . Shop jul 2>"$here/jul.log"
sed -i "s#$(basename "$work")/#classes/#g" "$here"/*.log
