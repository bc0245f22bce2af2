using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Training.HeartSound;

namespace Pipeline.Host.Networks;

/// <summary>Recorded heart sounds beside an ECG: a network against the classical estimator, on the same windows.</summary>
internal static class HeartSoundRecordings
{
    /// <summary>The WFDB records of a folder that have heart sounds and an ECG beside, at a multiple of 1,000 Hz; the others are passed over.</summary>
    /// <exception cref="CommandException">There is no such folder, or no such record in it.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
        string[] found = [.. Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).Where(IsWanted)];
        return found.Length > 0 ? found : throw CommandException.BadUsage($"--data {folder}: no record has heart sounds and an ECG beside, at a multiple of {SoundExample.RateHz} Hz.");
    }

    /// <summary>
    /// Error against the rate that the product finds in the ECG, of all windows in which that is <c>ok</c>: of the classical estimator where it gives a value, of <paramref name="network"/> there and everywhere.
    /// </summary>
    /// <param name="headers">The records, as <see cref="Find"/> gives them.</param>
    /// <param name="network">Rate of samples at 1,000 Hz; NaN: none.</param>
    /// <param name="stop">Ends it.</param>
    public static IEnumerable<(string Method, int Windows, int Given, double Mean, double Median)> Compare(IReadOnlyList<string> headers, Func<float[], double> network, CancellationToken stop)
    {
        var windows = new List<(double Reference, double Classical, double Network)>();
        foreach (var header in headers)
        {
            stop.ThrowIfCancellationRequested();
            windows.AddRange(Windows(header, network));
        }
        yield return Score("classical", windows, one => one.Classical);
        yield return Score("beat network, where classical is ok", [.. windows.Where(one => double.IsFinite(one.Classical))], one => one.Network);
        yield return Score("beat network", windows, one => one.Network);
    }

    private static bool IsWanted(string header)
    {
        using var recording = Recording.Open(header, RecordingOptions.None);
        var (_, rateHz, channels) = recording.Devices[0];
        return channels.IndicesOf(SignalKind.HeartSound).Length > 0 && channels.IndicesOf(SignalKind.Ecg).Length > 0 && rateHz % SoundExample.RateHz == 0;
    }

    private static IEnumerable<(double Reference, double Classical, double Network)> Windows(string header, Func<float[], double> network)
    {
        using var recording = Recording.Open(header, RecordingOptions.None);
        var (_, rateHz, channels) = recording.Devices[0];
        var group = (int)(rateHz / SoundExample.RateHz);
        var sound = channels.IndicesOf(SignalKind.HeartSound)[0];
        var chunks = recording.Chunks(new RecordedPatient(new PatientId("record"), "", "", 0, default)).ToList();
        float[] samples = [.. chunks.SelectMany(chunk => chunk.Int16(sound).ToArray()).Chunk(group).Select(some => (float)some.Average(x => x))];
        IReadOnlyList<INetwork> networks = ModelCatalog.Qrs is { } qrs ? [qrs] : [];
        foreach (var result in StreamRun.Of(chunks, first => Stages.Create(first.Channels, first.RateHz, networks)).Where(result => !result.Window.IsTail))
        {
            var rates = result.Estimates.Where(one => one.Metric == Metric.HeartRate).ToDictionary(one => one.Signal);
            if (rates[SignalKind.Ecg] is not { Status: EstimateStatus.Ok, Value: var reference })
                continue;
            var (from, to) = ((int)(result.Window.StartIndex / group), (int)(result.Window.EndIndex / group));
            yield return (reference, rates[SignalKind.HeartSound].Value, network(samples[from..Math.Min(to, samples.Length)]));
        }
    }

    private static (string, int, int, double, double) Score(
        string method, List<(double Reference, double Classical, double Network)> windows, Func<(double Reference, double Classical, double Network), double> of)
    {
        var errors = windows.Select(one => Math.Abs(of(one) - one.Reference)).Where(double.IsFinite).Order().ToList();
        return (method, windows.Count, errors.Count, errors.DefaultIfEmpty(double.NaN).Average(), errors.Count > 0 ? errors[errors.Count / 2] : double.NaN);
    }
}
