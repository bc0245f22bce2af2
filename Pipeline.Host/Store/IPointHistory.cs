namespace Pipeline.Host.Store;

/// <summary>Which stored values are wanted.</summary>
/// <param name="Patient">Of one patient; null: of all.</param>
/// <param name="Metrics">Of these metrics, as in the store's tags.</param>
/// <param name="From">From this event time on.</param>
/// <param name="To">Up to this event time, itself left out.</param>
/// <param name="Every">The mean of so much time is one value.</param>
internal sealed record HistoryRequest(string? Patient, IReadOnlyCollection<string> Metrics, DateTimeOffset From, DateTimeOffset To, TimeSpan Every);

/// <summary>A series that was stored.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Device">Device.</param>
/// <param name="Signal">Kind of signal, as in the store's tags.</param>
/// <param name="Metric">Metric, as in the store's tags.</param>
/// <param name="Times">Begins of the stretches that have a value, milliseconds since 1970, ascending; multiples of the stretch.</param>
/// <param name="Means">The mean value of each: of the points whose status is <c>ok</c>.</param>
internal sealed record StoredSeries(string Patient, string Device, string Signal, string Metric, IReadOnlyList<long> Times, IReadOnlyList<double> Means);

/// <summary>Reads what was stored.</summary>
internal interface IPointHistory
{
    /// <summary>The series that have a value, in order of patient, device, signal and metric.</summary>
    /// <exception cref="IOException">The store does not answer, or not so.</exception>
    Task<IReadOnlyList<StoredSeries>> ReadAsync(HistoryRequest request, CancellationToken stop);
}

/// <summary>Takes stored values one by one, in any order, and gives their means.</summary>
internal sealed class HistoryMeans(HistoryRequest request)
{
    private readonly SortedDictionary<(string Patient, string Device, string Signal, string Metric), SortedDictionary<long, (double Sum, int Count)>> _series = [];
    private readonly long _every = Math.Max(1, (long)request.Every.TotalMilliseconds);

    /// <summary>Takes a value that counts.</summary>
    /// <param name="series">Its series.</param>
    /// <param name="time">Event time, milliseconds since 1970.</param>
    /// <param name="value">The value.</param>
    public void Take((string Patient, string Device, string Signal, string Metric) series, long time, double value)
    {
        if (!_series.TryGetValue(series, out var means))
            _series.Add(series, means = []);
        var at = time - time % _every;
        var (sum, count) = means.GetValueOrDefault(at);
        means[at] = (sum + value, count + 1);
    }

    /// <summary>What came of it.</summary>
    public IReadOnlyList<StoredSeries> Series() =>
    [
        .. _series.Select(one => new StoredSeries(
            one.Key.Patient, one.Key.Device, one.Key.Signal, one.Key.Metric, [.. one.Value.Keys], [.. one.Value.Values.Select(mean => mean.Sum / mean.Count)])),
    ];
}
