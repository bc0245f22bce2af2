using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>A recording of CTU-UHB: its trace read by the product's windows, and the child's state at birth.</summary>
internal sealed class CtgRecord
{
    private const double LastSeconds = 3600;

    private CtgRecord(string name, double ph, List<WindowResult> results, double seconds)
    {
        (Name, Ph, Seconds) = (name, ph, seconds);
        Events = [.. results.SelectMany(result => result.Events).Where(one => one.IsOver).OrderBy(one => one.BeginIndex)];
        Estimates = [.. results.SelectMany(result => result.Estimates.Select(estimate => (result.Window.EndIndex / 4.0, estimate)))];
    }

    public string Name { get; }

    /// <summary>pH of the umbilical artery.</summary>
    public double Ph { get; }

    public double Seconds { get; }

    /// <summary>What was found, each once.</summary>
    public List<SignalEvent> Events { get; }

    /// <summary>All estimates with the second at which their window ends.</summary>
    public List<(double Seconds, Estimate Estimate)> Estimates { get; }

    /// <summary>Mean loss of signal over the recording.</summary>
    public double Loss => Mean(Metric.SignalLoss, 0);

    /// <summary>Reads all recordings of a folder, in order of their names.</summary>
    public static IEnumerable<CtgRecord> ReadAll(string folder, int most)
    {
        foreach (var path in Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).Take(most))
            if (PhOf(path) is { } ph)
                yield return new CtgRecord(Path.GetFileNameWithoutExtension(path), ph, Run(path, inOneChunk: false), SecondsOf(path));
    }

    /// <summary>Whether the whole recording as one chunk gives the same events and estimates as second by second.</summary>
    public static bool IsSameInOneChunk(string path)
    {
        List<WindowResult> online = Run(path, inOneChunk: false), offline = Run(path, inOneChunk: true);
        return online.SelectMany(one => one.Events).SequenceEqual(offline.SelectMany(one => one.Events))
            && online.SelectMany(one => one.Estimates).SequenceEqual(offline.SelectMany(one => one.Estimates));
    }

    /// <summary>Mean of a metric where it has a value, over the recording's end or (0) all of it; NaN where it never has one.</summary>
    public double Mean(Metric metric, double lastSeconds = LastSeconds)
    {
        var since = lastSeconds > 0 ? Seconds - lastSeconds : 0;
        double[] values =
        [
            .. from one in Estimates
               where one.Seconds >= since && one.Estimate.Metric == metric && one.Estimate.Status == EstimateStatus.Ok
               select one.Estimate.Value,
        ];
        return values.Length == 0 ? double.NaN : values.Average();
    }

    /// <summary>Part of the windows with a category in which it is <paramref name="category"/>.</summary>
    public double CategoryPart(CtgCategory category)
    {
        double[] told = [.. Categories];
        return told.Length == 0 ? 0 : told.Count(value => value == (int)category) / (double)told.Length;
    }

    /// <summary>The last category that was told; none where none was.</summary>
    public CtgCategory LastCategory => (CtgCategory)Categories.LastOrDefault();

    /// <summary>Seconds of all decelerations in the recording's last hour, over its length.</summary>
    public double DecelerationPart => PartOf(Metric.Deceleration);

    /// <summary>Seconds of all accelerations in the recording's last hour, over its length.</summary>
    public double AccelerationPart => PartOf(Metric.Acceleration);

    private IEnumerable<double> Categories =>
        from one in Estimates
        where one.Estimate is { Metric: Metric.FetalCategory, Status: EstimateStatus.Ok }
        select one.Estimate.Value;

    private double PartOf(Metric metric)
    {
        var since = Math.Max(0, Seconds - LastSeconds);
        var seconds = from one in Events
                      where Names.MetricOf(one.Kind) == metric
                      select Math.Max(0, one.EndIndex / 4 - Math.Max(since, one.BeginIndex / 4));
        return seconds.Sum() / (Seconds - since);
    }

    private static List<WindowResult> Run(string path, bool inOneChunk)
    {
        using var recording = Recording.Open(path, RecordingOptions.None);
        var chunks = recording.Chunks(new RecordedPatient(new PatientId("recording"), "", "", 0, new Timestamp(0)));
        return [.. StreamRun.Of(inOneChunk ? [Joined([.. chunks])] : chunks, first => Stages.Create(first.Channels, first.RateHz))];
    }

    private static SampleChunk Joined(SampleChunk[] chunks)
    {
        var (count, channels) = (chunks.Sum(chunk => chunk.SampleCount), chunks[0].Channels.Count);
        var size = SampleChunk.BytesPerSample(chunks[0].Format);
        var bytes = new byte[count * size * channels];
        for (var c = 0; c < channels; c++)
        {
            var at = c * count * size;
            foreach (var chunk in chunks)
            {
                var row = chunk.SampleCount * size;
                chunk.Samples.Span.Slice(c * row, row).CopyTo(bytes.AsSpan(at));
                at += row;
            }
        }
        return chunks[0] with { SampleCount = count, Samples = bytes, EndOfStream = true };
    }

    private static double SecondsOf(string path)
    {
        using var recording = Recording.Open(path, RecordingOptions.None);
        return recording.Seconds;
    }

    private static double? PhOf(string path)
    {
        foreach (var line in File.ReadLines(path))
            if (line.StartsWith("#pH", StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(3), NumberStyles.Float, CultureInfo.InvariantCulture, out var ph))
                return ph;
        return null;
    }
}
