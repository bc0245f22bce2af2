using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Evaluation;

/// <summary>The signals of one recording that the report shows.</summary>
internal sealed class RecordingSignals
{
    private readonly RecordedSamples _samples;
    private readonly SignalKind _kind;

    private RecordingSignals(RecordedSamples samples, SignalKind kind)
    {
        (_samples, _kind) = (samples, kind);
        Spectrum = new RateSpectrum(samples.Of(kind), samples.RateHz, kind);
    }

    /// <summary>Its power over rates.</summary>
    public RateSpectrum Spectrum { get; }

    /// <summary>Reads a recording of an evaluation; null when its signal is not there.</summary>
    public static RecordingSignals? Read(EvaluationResult result, string name) =>
        RecordedSamples.Read(result.Paths[name], result.Signal, result.Request.Reading) is { } samples ? new RecordingSignals(samples, result.Signal) : null;

    /// <summary>
    /// The first channel from a time on, and the magnitude of the acceleration (null where there is none), thinned to at most that many points and scaled
    /// to 0 to 1 between least and greatest; NaN where a sample is missing. A point's x is its time in seconds.
    /// </summary>
    public ((double X, double Y)[] Signal, (double X, double Y)[]? Motion) Wave(double startSeconds, double seconds, int points)
    {
        var (start, count) = ((int)Math.Ceiling(startSeconds * _samples.RateHz - 1e-9), (int)Math.Round(seconds * _samples.RateHz));
        var step = Math.Max(1, count / points);
        var channel = _samples.Of(_kind)[0];
        var motion = _samples.Of(SignalKind.Acc);
        return (
            Scaled(i => channel[i]),
            motion.Length == 0 || _kind == SignalKind.Acc ? null : Scaled(i => Math.Sqrt(motion.Sum(axis => (double)axis[i] * axis[i]))));

        (double X, double Y)[] Scaled(Func<int, double> sampleAt)
        {
            var samples = Enumerable.Range(0, count / step).Select(i => sampleAt(start + i * step)).ToArray();
            var there = samples.Where(double.IsFinite).ToList();
            var (low, span) = there.Count == 0 ? (0, 1) : (there.Min(), Math.Max(1e-12, there.Max() - there.Min()));
            return [.. samples.Select((s, i) => (startSeconds + i * step / _samples.RateHz, (s - low) / span))];
        }
    }
}
