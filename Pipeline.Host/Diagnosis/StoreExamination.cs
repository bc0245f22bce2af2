using System.Net;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;

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
        using var http = InfluxSink.CreateHttpClient(options);
        http.Timeout = Patience;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, InfluxConnection.AddressOf(options)) { Content = new StringContent("# doctor\n") };
            request.Headers.Authorization = await InfluxCredentials.ReadAsync(options, stop);
            using var answer = await http.SendAsync(request, stop);
            var version = answer.Headers.TryGetValues("X-Influxdb-Version", out var said) ? string.Join(' ', said) : "unknown version";
            var found = $"{options.Url} ({version}) answers {(int)answer.StatusCode} to a write";
            return answer.IsSuccessStatusCode
                ? new Finding(Check, Verdict.Ok, found)
                : new Finding(Check, Verdict.Fail, $"{found}: {(await answer.Content.ReadAsStringAsync(stop)).Trim()}", Mend(answer.StatusCode, options));
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !stop.IsCancellationRequested))
        {
            return new Finding(Check, Verdict.Fail, $"{options.Url} does not answer: {fault.GetBaseException().Message}", "start InfluxDB, or change Influx:Url");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new Finding(Check, Verdict.Fail, fault.Message, "change Influx:TokenFile or Influx:PasswordFile, or who may read it");
        }
    }

    private static string Mend(HttpStatusCode status, InfluxOptions options) => (status, options.Api) switch
    {
        (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, InfluxApi.V2) => "set Influx:Token or Influx:TokenFile to a token that may write the bucket",
        (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => "set Influx:Username and Influx:Password (or PasswordFile) to a user who may write the database",
        (HttpStatusCode.NotFound, InfluxApi.V2) => $"create bucket '{options.Bucket}' in organisation '{options.Org}', or set Influx:Bucket, Influx:Org; for InfluxDB 1 set Influx:Api to V1",
        (HttpStatusCode.NotFound, _) => $"create database '{options.Database}', or set Influx:Database; for InfluxDB 2 and 3 set Influx:Api to V2",
        _ => "see the server's log",
    };
}
