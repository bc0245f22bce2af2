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
/// <param name="Sigmas">The mean of their standard deviations; NaN where none has one.</param>
internal sealed record StoredSeries(string Patient, string Device, string Signal, string Metric, IReadOnlyList<long> Times, IReadOnlyList<double> Means, IReadOnlyList<double> Sigmas);

/// <summary>Which stored events, or changes of alarms, are wanted.</summary>
/// <param name="Patient">Of one patient; null: of all.</param>
/// <param name="Metrics">Of these metrics, as in the store's tags.</param>
/// <param name="From">From this event time on.</param>
/// <param name="To">Up to this event time, itself left out.</param>
/// <param name="Most">The newest so many of them.</param>
internal sealed record EventsRequest(string? Patient, IReadOnlyCollection<string> Metrics, DateTimeOffset From, DateTimeOffset To, int Most);

/// <summary>An event, or a change of a patient's alarms, that was stored.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Ward">Ward.</param>
/// <param name="Bed">Bed.</param>
/// <param name="Device">Device; empty of a change of alarms.</param>
/// <param name="Signal">Kind of signal, as in the store's tags.</param>
/// <param name="Metric">Metric, as in the store's tags.</param>
/// <param name="TimeNs">Event time, nanoseconds since 1970.</param>
/// <param name="Texts">The fields that are texts, by name.</param>
/// <param name="Numbers">The fields that are numbers, by name.</param>
internal sealed record StoredEvent(
    string Patient, string Ward, string Bed, string Device, string Signal, string Metric, long TimeNs, IReadOnlyDictionary<string, string> Texts, IReadOnlyDictionary<string, double> Numbers);

/// <summary>Reads what was stored.</summary>
internal interface IPointHistory
{
    /// <summary>The series that have a value, in order of patient, device, signal and metric.</summary>
    /// <exception cref="IOException">The store does not answer, or not so.</exception>
    Task<IReadOnlyList<StoredSeries>> ReadAsync(HistoryRequest request, CancellationToken stop);

    /// <summary>The newest events, the newest first.</summary>
    /// <exception cref="IOException">As above.</exception>
    Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(EventsRequest request, CancellationToken stop);
}

/// <summary>Takes stored values one by one, in any order, and gives their means.</summary>
internal sealed class HistoryMeans(HistoryRequest request)
{
    private readonly SortedDictionary<(string Patient, string Device, string Signal, string Metric), SortedDictionary<long, Sums>> _series = [];
    private readonly long _every = Math.Max(1, (long)request.Every.TotalMilliseconds);

    /// <summary>Takes a value that counts.</summary>
    /// <param name="series">Its series.</param>
    /// <param name="time">Event time, milliseconds since 1970.</param>
    /// <param name="value">The value.</param>
    /// <param name="sigma">Its standard deviation; NaN where there is none.</param>
    public void Take((string Patient, string Device, string Signal, string Metric) series, long time, double value, double sigma)
    {
        if (!_series.TryGetValue(series, out var means))
            _series.Add(series, means = []);
        var at = time - time % _every;
        var sums = means.GetValueOrDefault(at);
        means[at] = double.IsFinite(sigma)
            ? new Sums(sums.Value + value, sums.Count + 1, sums.Sigma + sigma, sums.SigmaCount + 1)
            : sums with { Value = sums.Value + value, Count = sums.Count + 1 };
    }

    private readonly record struct Sums(double Value, int Count, double Sigma, int SigmaCount);

    /// <summary>What came of it.</summary>
    public IReadOnlyList<StoredSeries> Series() =>
    [
        .. _series.Select(one => new StoredSeries(
            one.Key.Patient, one.Key.Device, one.Key.Signal, one.Key.Metric, [.. one.Value.Keys], [.. one.Value.Values.Select(sums => sums.Value / sums.Count)],
            [.. one.Value.Values.Select(sums => sums.Sigma / sums.SigmaCount)])),     // NaN where there is none
    ];
}
