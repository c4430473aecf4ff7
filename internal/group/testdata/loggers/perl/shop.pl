# Writes the same events with Log::Log4perl.
use strict;
use warnings;
use utf8;
use Log::Log4perl;

binmode STDOUT, ':utf8';
Log::Log4perl->init(\<<'END');
log4perl.rootLogger = INFO, OUT
log4perl.appender.OUT = Log::Log4perl::Appender::Screen
log4perl.appender.OUT.stderr = 0
log4perl.appender.OUT.utf8 = 1
log4perl.appender.OUT.layout = PatternLayout
log4perl.appender.OUT.layout.ConversionPattern = %d [%P] %p %c %F{1}:%L - %m%n
END
my $log = Log::Log4perl->get_logger('shop');
$log->info('order taken');
$log->warn('slow order');
$log->info('client said level=error "gone" to order für 注文');
$log->info("first line\nsecond line");
$log->error('order lost: no owner');
eval { my %order; $order{owner}->name };
$log->error("order lost: $@");
$log->fatal('giving up');
warn 'no owner';
die 'order 7 is gone';
