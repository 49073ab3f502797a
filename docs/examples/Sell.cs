// Sell one marked unit: open a sale, scan, pay. .NET 8 or newer, without packages; one file:
//
//     dotnet new console -o sell && cp Sell.cs sell/Program.cs
//     POS=http://127.0.0.1:8765 TOKEN=... dotnet run --project sell -- "CODE AS SCANNED"

using System;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

/// <summary>A problem of the agent: decide by code and retry, show title, log detail.</summary>
sealed class Refused : Exception
{
    public bool Retry { get; }

    // P and S (a changed token, a journal that failed) say nothing of what an earlier try made.
    public bool Final { get; }

    public Refused(JsonNode problem)
        : base($"{problem["code"]}: {problem["title"]} [{problem["detail"]}]")
    {
        Retry = problem["retry"]!.GetValue<bool>();
        Final = !Retry && ((string)problem["code"]!)[0] is ('T' or 'R');
    }
}

static class Program
{
    static readonly HttpClient Http = new()
    {
        BaseAddress = new Uri(Environment.GetEnvironmentVariable("POS") ?? "http://127.0.0.1:8765"),
        Timeout = TimeSpan.FromSeconds(120),
    };

    // What must survive a crash of this program.
    static readonly string KeptIn = Environment.GetEnvironmentVariable("KEPT") ?? "payment.json";

    static string NewKey() => Guid.NewGuid().ToString();

    static async Task<JsonNode> Call(string path, string body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("Authorization", "Bearer " + Environment.GetEnvironmentVariable("TOKEN"));
        request.Headers.Add("Idempotency-Key", key);
        request.Headers.Add("Accept-Language", "ru");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.SendAsync(request);
        var told = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return answer.IsSuccessStatusCode ? told : throw new Refused(told);
    }

    static async Task<JsonNode> Sell(string code)
    {
        var opened = await Call("/v1/sales", new JsonObject { ["cashier"] = "Айгүл С." }.ToJsonString(), NewKey());
        var sale = (string)opened["sale"]!;
        var scan = await Call($"/v1/sales/{sale}/scans", new JsonObject { ["code"] = code }.ToJsonString(), NewKey());
        var verdict = scan["verdict"]!;
        if ((string)verdict["decision"]! != "allow")
        {
            await Call($"/v1/sales/{sale}/cancellation", new JsonObject { ["why"] = "refused" }.ToJsonString(), NewKey());
            Console.Error.WriteLine($"{verdict["reason"]}: {verdict["messages"]!["ru"]}");
            Environment.Exit(1);
        }
        var sum = scan["line"]!["amount_tiyn"]!.GetValue<long>();
        var row = new JsonObject { ["kind"] = "cash", ["sum_tiyn"] = sum };
        var payment = new JsonObject { ["payments"] = new JsonArray(row) };
        // Key and body are kept before the money is: whatever breaks now, the very same call is sent again.
        var kept = new JsonObject
        {
            ["path"] = $"/v1/sales/{sale}/payment", ["body"] = payment.ToJsonString(), ["key"] = NewKey(),
        };
        await File.WriteAllTextAsync(KeptIn, kept.ToJsonString());
        return await Pay(kept);
    }

    static async Task<JsonNode> Pay(JsonNode kept)
    {
        foreach (var pause in new[] { 1, 2, 5, 10, 30, 0 })
        {
            try
            {
                var paid = await Call((string)kept["path"]!, (string)kept["body"]!, (string)kept["key"]!);
                File.Delete(KeptIn);
                return paid;
            }
            catch (Refused refused) when (refused.Retry)
            {
                Console.Error.WriteLine(refused.Message);
            }
            catch (Refused refused)
            {
                if (refused.Final)
                {
                    File.Delete(KeptIn); // Another try needs a new key.
                }
                throw;
            }
            catch (Exception lost) when (lost is HttpRequestException or TaskCanceledException or JsonException)
            {
                // No answer: the sale may have been made, so only this call may be repeated.
                Console.Error.WriteLine(lost.Message);
            }
            await Task.Delay(TimeSpan.FromSeconds(pause));
        }
        throw new TimeoutException("not decided yet: start me again, and do not ring it up anew");
    }

    static async Task<int> Main(string[] arguments)
    {
        try
        {
            var paid = File.Exists(KeptIn)
                ? await Pay(JsonNode.Parse(await File.ReadAllTextAsync(KeptIn))!)
                : await Sell(arguments[0]);
            Console.WriteLine($"{paid["document"]!["number"]} {paid["document"]!["fiscal_sign"]}");
            return 0;
        }
        catch (Exception failure) when (failure is Refused or TimeoutException or HttpRequestException)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
    }
}
