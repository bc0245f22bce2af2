using System.Net;
using InfluxDB.Client.Core.Exceptions;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;
using RestSharp;

namespace Pipeline.Host.Diagnosis;

/// <summary>Whether the store answers and lets this user write.</summary>
internal static class StoreExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>InfluxDB when one is configured, else the embedded store's folder.</summary>
    public static Task<Finding> RunAsync(InfluxOptions influx, EmbeddedStoreOptions store, CancellationToken stop) =>
        influx.Url is null ? Task.FromResult(Embedded(store)) : InfluxAsync(influx, stop);

    private static Finding Embedded(EmbeddedStoreOptions store)
    {
        var folder = Path.GetFullPath(store.Directory);
        var existing = folder;
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        return Examination.CanWrite(existing) is { } fault
            ? new Finding("store", Verdict.Fail, $"no InfluxDB is set, and {folder} cannot be written: {fault}", "set Influx:Url, or Store:Directory to a folder that is yours")
            : new Finding("store", Verdict.Ok, $"no InfluxDB is set; points go to {folder}");
    }

    /// <summary>Writes a comment: both versions answer as to a real write, and store nothing.</summary>
    private static async Task<Finding> InfluxAsync(InfluxOptions options, CancellationToken stop)
    {
        const string Check = "InfluxDB";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        using var client = new InfluxClient(options, TimeProvider.System);
        try
        {
            var answer = await client.WriteAsync(["# doctor"], gzip: false, limit.Token);
            var found = Found((int)answer.StatusCode, answer.Headers);
            if (answer.StatusCode != HttpStatusCode.NoContent)
                return new Finding(Check, Verdict.Fail, $"{found}: {answer.Content}", "another service answers there; change Influx:Url");
            return options.SendsSecretsInClear
                ? new Finding(Check, Verdict.Warn, $"{found}; the token or password goes there in clear", "set Influx:Url to https://")
                : new Finding(Check, Verdict.Ok, found);
        }
        catch (HttpException fault) when (fault.Status != 0)
        {
            return new Finding(Check, Verdict.Fail, $"{Found(fault.Status, fault.Headers)}: {AnswerReader.MessageOf(fault)}", Mend(fault.Status, options));
        }
        catch (Exception fault) when (fault is HttpException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            var why = limit.IsCancellationRequested ? $"nothing within {Patience.TotalSeconds:F0} s" : fault.GetBaseException().Message;
            return new Finding(Check, Verdict.Fail, $"{options.Url} does not answer: {why}", "start InfluxDB, or change Influx:Url");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return new Finding(Check, Verdict.Fail, fault.Message, "change Influx:TokenFile or Influx:PasswordFile, or who may read it");
        }

        string Found(int status, IEnumerable<HeaderParameter>? headers)
        {
            var version = headers?.FirstOrDefault(header => header.Name.Equals("X-Influxdb-Version", StringComparison.OrdinalIgnoreCase));
            return $"{options.Url} ({version?.Value ?? "unknown version"}) answers {status} to a write";
        }
    }

    private static string Mend(int status, InfluxOptions options) => (status, options.Api) switch
    {
        (401 or 403, InfluxApi.V2) => "set Influx:Token or Influx:TokenFile to a token that may write the bucket",
        (401 or 403, _) => "set Influx:Username and Influx:Password (or PasswordFile) to a user who may write the database",
        (404, InfluxApi.V2) => $"create bucket '{options.Bucket}' in organisation '{options.Org}', or set Influx:Bucket, Influx:Org; for InfluxDB 1 set Influx:Api to V1",
        (404, _) => $"create database '{options.Database}', or set Influx:Database; for InfluxDB 2 and 3 set Influx:Api to V2",
        _ => "see the server's log",
    };
}
