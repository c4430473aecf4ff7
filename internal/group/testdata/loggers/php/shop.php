<?php
// Writes the same events with the logger named on the command line.
const ODD = 'client said level=error "gone" to order für 注文'; // information, whatever it reads like
const TWO_LINES = "first line\nsecond line";

function owner(array $order): string
{
    if (!isset($order['owner'])) {
        throw new DomainException('no "owner"');
    }
    return $order['owner'];
}

function load(): void
{
    try {
        owner([]);
    } catch (DomainException $cause) {
        throw new RuntimeException('cannot load order 7', 0, $cause);
    }
}

function monolog($formatter): void
{
    require '/usr/share/php/Monolog/autoload.php';
    $handler = new Monolog\Handler\StreamHandler('php://stdout');
    $handler->setFormatter($formatter === 'Monolog\Formatter\LogstashFormatter' ? new $formatter('shop', 'web-1') : new $formatter());
    if (method_exists($handler->getFormatter(), 'includeStacktraces')) {
        $handler->getFormatter()->includeStacktraces();
    }
    $log = new Monolog\Logger('shop', [$handler]);
    $log->pushProcessor(function ($record) {
        $record['extra'] = ['trace_id' => '4bf92f3577b34da6a3ce929d0e0e4736', 'version' => '1.4.0'];
        return $record;
    });
    $log->info('order taken', ['order' => 7]);
    $log->warning('slow order');
    $log->info(ODD);
    $log->info(TWO_LINES);
    $log->error('order lost', ['reason' => 'no owner']);
    try {
        load();
    } catch (RuntimeException $e) {
        $log->error('order lost', ['exception' => $e]);
    }
}

switch ($argv[1]) {
    case 'error-log':
        error_log('order taken');
        error_log(ODD);
        error_log(TWO_LINES);
        echo $missing;
        load();
        // no break: not reached
    case 'monolog-line':
        monolog('Monolog\Formatter\LineFormatter');
        break;
    case 'monolog-json':
        monolog('Monolog\Formatter\JsonFormatter');
        break;
    case 'monolog-logstash':
        monolog('Monolog\Formatter\LogstashFormatter');
        break;
}
