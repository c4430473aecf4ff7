#!/bin/sh
# Needs php 8 (php-cli). The same bugs as the log has them, and as the page has them (shown).
cd "$(dirname "$0")" || exit 1
command -v php >/dev/null || exit 1
here=$(pwd)
for bug in owner closure static chained recursion logged type fatal; do
	php -n -d display_errors=0 -d log_errors=1 "$here/shop.php" $bug 2>&1 | sed "s|$here|/srv/shop|g" >$bug.log
done
php -n -d display_errors=1 -d log_errors=0 -d html_errors=0 "$here/shop.php" chained 2>&1 | sed "s|$here|/srv/shop|g" >shown.log
php -n -d display_errors=0 -d log_errors=1 -d error_log=/dev/stderr "$here/shop.php" owner 2>&1 | sed "s|$here|/srv/shop|g" >stamped.log
