using System.Globalization;
using InfluxDB.Client.Core.Exceptions;
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
        if (client.Options.Api == InfluxApi.V1)
            throw new IOException("InfluxDB 1 is not read: the history is in Grafana.");
        using var patience = new CancellationTokenSource(Patience, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            var means = new HistoryMeans(request);
            foreach (var record in (await client.QueryAsync(TextOf(request, client.Options.Bucket), either.Token)).SelectMany(table => table.Records))
                if (record.GetTimeInDateTime() is { } time && record.GetValue() is double value)
                    means.Take((NameOf(record, "pid"), NameOf(record, "device"), NameOf(record, "signal"), NameOf(record, "metric")), new DateTimeOffset(time).ToUnixTimeMilliseconds(), value);
            return means.Series();
        }
        catch (HttpException fault)
        {
            throw new IOException($"InfluxDB does not answer the question: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new IOException($"InfluxDB has not answered within {Patience.TotalSeconds:0} s.");
        }

        static string NameOf(InfluxDB.Client.Core.Flux.Domain.FluxRecord record, string tag) =>
            record.GetValueByKey(tag) is string name && name != LineProtocol.NoName ? name : "";
    }

    /// <summary>The question: means of the values whose status is <c>ok</c>, each at the begin of its stretch.</summary>
    internal static string TextOf(HistoryRequest request, string bucket)
    {
        var metrics = string.Join(" or ", request.Metrics.Select(metric => $"r.metric == {Quoted(metric)}"));
        var measurements = string.Join(" or ", LineProtocol.SeriesMeasurements.Select(name => $"r._measurement == {Quoted(name)}"));
        var patient = request.Patient is { } one ? $" and r.pid == {Quoted(one)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"""
            from(bucket: {Quoted(bucket)})
              |> range(start: {request.From.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}, stop: {request.To.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ})
              |> filter(fn: (r) => ({measurements}) and ({metrics}){patient})
              |> filter(fn: (r) => r._field == "value" or r._field == "status")
              |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
              |> filter(fn: (r) => r.status == "ok" and exists r.value)
              |> group(columns: ["pid", "device", "signal", "metric"])
              |> sort(columns: ["_time"])
              |> aggregateWindow(every: {(long)request.Every.TotalMilliseconds}ms, fn: mean, column: "value", timeSrc: "_start", createEmpty: false)
              |> rename(columns: {"{"}value: "_value"{"}"})
            """);
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("${", "\\${", StringComparison.Ordinal)}\"";
}
