<?php
// Sell one marked unit: open a sale, scan, pay. PHP 8.0 or newer, without extensions.
//
//     POS=http://127.0.0.1:8765 TOKEN=... php sell.php 'CODE AS SCANNED'

declare(strict_types=1);

$pos = getenv('POS') ?: 'http://127.0.0.1:8765';
$token = getenv('TOKEN') ?: exit("TOKEN is not set\n");
$keptIn = getenv('KEPT') ?: 'payment.json';  // What must survive a crash of this program.

/** A problem of the agent: decide by code and retry, show title, log detail. */
final class Refused extends Exception
{
    public function __construct(public readonly array $problem)
    {
        parent::__construct("{$problem['code']}: {$problem['title']} [{$problem['detail']}]");
    }
}

final class NoAnswer extends Exception
{
}

function newKey(): string
{
    return bin2hex(random_bytes(16));
}

function call(string $path, string $body, string $key): array
{
    global $pos, $token;
    $headers = [
        "Authorization: Bearer $token", 'Content-Type: application/json', "Idempotency-Key: $key", 'Accept-Language: ru',
    ];
    $http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'timeout' => 120, 'ignore_errors' => true];
    $answer = @file_get_contents($pos . $path, false, stream_context_create(['http' => $http]));
    $told = $answer === false ? null : json_decode($answer, true);
    if (!is_array($told)) {
        throw new NoAnswer('no answer');
    }
    if ((int) explode(' ', $http_response_header[0])[1] >= 400) {
        throw new Refused($told);
    }
    return $told;
}

function json(array $content): string
{
    return json_encode($content, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
}

function sell(string $code): array
{
    global $keptIn;
    $sale = call('/v1/sales', json(['cashier' => 'Айгүл С.']), newKey())['sale'];
    $scan = call("/v1/sales/$sale/scans", json(['code' => $code]), newKey());
    if ($scan['verdict']['decision'] !== 'allow') {
        call("/v1/sales/$sale/cancellation", json(['why' => 'refused']), newKey());
        fwrite(STDERR, "{$scan['verdict']['reason']}: {$scan['verdict']['messages']['ru']}\n");
        exit(1);
    }
    $payment = ['payments' => [['kind' => 'cash', 'sum_tiyn' => $scan['line']['amount_tiyn']]]];
    // Key and body are kept before the money is: whatever breaks now, the very same call is sent again.
    $kept = ['path' => "/v1/sales/$sale/payment", 'body' => json($payment), 'key' => newKey()];
    file_put_contents($keptIn, json($kept));
    return pay($kept);
}

function pay(array $kept): array
{
    global $keptIn;
    foreach ([1, 2, 5, 10, 30, 0] as $pause) {
        try {
            $paid = call($kept['path'], $kept['body'], $kept['key']);
            unlink($keptIn);
            return $paid;
        } catch (Refused $refused) {
            if (!$refused->problem['retry']) {
                if (in_array($refused->problem['code'][0], ['T', 'R'], true)) {
                    unlink($keptIn);  // Final: another try needs a new key.
                }
                throw $refused;  // P and S (a changed token, a journal that failed) say nothing of what an earlier try made.
            }
            fwrite(STDERR, $refused->getMessage() . "\n");
        } catch (NoAnswer $nothing) {
            // The sale may have been made, so only this call may be repeated.
            fwrite(STDERR, $nothing->getMessage() . "\n");
        }
        sleep($pause);
    }
    fwrite(STDERR, "not decided yet: start me again, and do not ring it up anew\n");
    exit(1);
}

try {
    $paid = is_file($keptIn) ? pay(json_decode(file_get_contents($keptIn), true)) : sell($argv[1]);
} catch (Refused | NoAnswer $failure) {
    fwrite(STDERR, $failure->getMessage() . "\n");
    exit(1);
}
echo $paid['document']['number'], ' ', $paid['document']['fiscal_sign'], "\n";
