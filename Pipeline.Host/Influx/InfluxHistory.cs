using System.Globalization;
using InfluxDB.Client.Core.Exceptions;
using InfluxDB.Client.Core.Flux.Domain;
using Pipeline.Host.Store;

namespace Pipeline.Host.Influx;

/// <summary>Reads what InfluxDB 2 has, by Flux. The token must be allowed to read the bucket.</summary>
/// <param name="client">Asks.</param>
internal sealed class InfluxHistory(InfluxClient client) : IPointHistory
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredSeries>> ReadAsync(HistoryRequest request, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        var sigmas = new Dictionary<(string, string, string, string, long), double>();
        var values = new List<((string, string, string, string) Series, long Time, double Value)>();
        foreach (var record in await AskAsync(TextOf(request, client.Options.Bucket), stop))
        {
            if (record.GetTimeInDateTime() is not { } time || record.GetValue() is not double value)
                continue;
            var (patient, device, signal, metric) = (NameOf(record, "pid"), NameOf(record, "device"), NameOf(record, "signal"), NameOf(record, "metric"));
            var at = new DateTimeOffset(time).ToUnixTimeMilliseconds();
            if (NameOf(record, "of") == "sigma")
                sigmas[(patient, device, signal, metric, at)] = value;
            else
                values.Add(((patient, device, signal, metric), at, value));
        }
        var means = new HistoryMeans(request);
        foreach (var (series, time, value) in values)
            means.Take(series, time, value, sigmas.GetValueOrDefault((series.Item1, series.Item2, series.Item3, series.Item4, time), double.NaN));
        return means.Series();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(EventsRequest request, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        return [.. (await AskAsync(TextOf(request, client.Options.Bucket), stop)).Select(record => new StoredEvent(
            NameOf(record, "pid"), NameOf(record, "ward"), NameOf(record, "bed"), NameOf(record, "device"), NameOf(record, "signal"), NameOf(record, "metric"),
            record.GetTime() is { } time ? time.ToUnixTimeTicks() * 100 : 0,
            record.Values.Where(field => field.Value is string && !field.Key.StartsWith('_')).ToDictionary(field => field.Key, field => (string)field.Value),
            record.Values.Where(field => field.Value is double).ToDictionary(field => field.Key, field => (double)field.Value)))];
    }

    private static string NameOf(FluxRecord record, string tag) => record.Values.GetValueOrDefault(tag) is string name && name != LineProtocol.NoName ? name : "";

    private async Task<IEnumerable<FluxRecord>> AskAsync(string question, CancellationToken stop)
    {
        if (client.Options.Api == InfluxApi.V1)
            throw new IOException("InfluxDB 1 is not read: the history is in Grafana.");
        using var patience = new CancellationTokenSource(Patience, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            return (await client.QueryAsync(question, either.Token)).SelectMany(table => table.Records);
        }
        catch (HttpException fault)
        {
            throw new IOException($"InfluxDB does not answer the question: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new IOException($"InfluxDB has not answered within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>The question: means of the values whose status is <c>ok</c>, and of their standard deviations, each at the begin of its stretch.</summary>
    internal static string TextOf(HistoryRequest request, string bucket) => string.Create(CultureInfo.InvariantCulture, $"""
        points = {RangeOf(bucket, request.From, request.To, request.Metrics, request.Patient)}
          |> filter(fn: (r) => r._field == "value" or r._field == "sigma" or r._field == "status")
          |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
          |> filter(fn: (r) => r.status == "ok" and exists r.value)
          |> group(columns: ["pid", "device", "signal", "metric"])
          |> sort(columns: ["_time"])
        points
          |> aggregateWindow(every: {(long)request.Every.TotalMilliseconds}ms, fn: mean, column: "value", timeSrc: "_start", createEmpty: false)
          |> rename(columns: {"{"}value: "_value"{"}"})
          |> set(key: "of", value: "value")
          |> yield(name: "value")
        points
          |> filter(fn: (r) => exists r.sigma)
          |> aggregateWindow(every: {(long)request.Every.TotalMilliseconds}ms, fn: mean, column: "sigma", timeSrc: "_start", createEmpty: false)
          |> rename(columns: {"{"}sigma: "_value"{"}"})
          |> set(key: "of", value: "sigma")
          |> yield(name: "sigma")
        """);

    /// <summary>The question: the newest events with all their fields.</summary>
    internal static string TextOf(EventsRequest request, string bucket) => string.Create(CultureInfo.InvariantCulture, $"""
        {RangeOf(bucket, request.From, request.To, request.Metrics, request.Patient)}
          |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
          |> group()
          |> sort(columns: ["_time"], desc: true)
          |> limit(n: {request.Most})
        """);

    private static string RangeOf(string bucket, DateTimeOffset from, DateTimeOffset to, IReadOnlyCollection<string> metrics, string? patient)
    {
        var names = string.Join(" or ", metrics.Select(metric => $"r.metric == {Quoted(metric)}"));
        var measurements = string.Join(" or ", LineProtocol.SeriesMeasurements.Select(name => $"r._measurement == {Quoted(name)}"));
        var one = patient is null ? "" : $" and r.pid == {Quoted(patient)}";
        return string.Create(CultureInfo.InvariantCulture, $"""
            from(bucket: {Quoted(bucket)})
              |> range(start: {from.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}, stop: {to.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ})
              |> filter(fn: (r) => ({measurements}) and ({names}){one})
            """);
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("${", "\\${", StringComparison.Ordinal)}\"";
}
