using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Training.Pressure;

namespace Pipeline.Host.Networks;

/// <summary>
/// Recordings with a PPG and a blood pressure: of an arterial line beside it (the windows in which the line is in order), or a cuff value a record in <c>subjects.csv</c> of the folder
/// (columns <c>record</c>, <c>sbp_mmhg</c>, <c>dbp_mmhg</c>). Windows each 2 s; those of an ECG beside them are on the PPG's clock by their time stamps.
/// </summary>
internal static class PressureRecordings
{
    /// <summary>Reads the folders, by name.</summary>
    /// <exception cref="CommandException">A folder is not there, or holds none; or a person is there twice.</exception>
    public static IReadOnlyList<PressureRecording> Read(IReadOnlyList<string> folders, RecordingOptions options)
    {
        var found = folders.SelectMany(folder => Read(folder, options)).ToList();
        if (found.GroupBy(recording => recording.Person).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, in {string.Join(" and ", twice.Select(r => r.Set))}: a person must not be on both sides of a split.");
        return found;
    }

    private static List<PressureRecording> Read(string folder, RecordingOptions options)
    {
        if (!Directory.Exists(folder))
            throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
        var set = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var cuffs = Cuffs(Path.Combine(folder, "subjects.csv"));
        var found = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).Select(file => Read(file, set, cuffs, options)).OfType<PressureRecording>().ToList();
        return found.Count > 0 ? found : throw CommandException.BadUsage(
            $"--data {folder}: no recording has a PPG and a blood pressure (an arterial line in mmHg, or a line of subjects.csv with record, sbp_mmhg and dbp_mmhg).");
    }

    private static PressureRecording? Read(string file, string set, Dictionary<string, (double, double)> cuffs, RecordingOptions options)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        using var recording = Recording.Open(file, options);
        var devices = recording.Chunks(new RecordedPatient(new PatientId("training"), "", "", 0, default)).GroupBy(chunk => chunk.Device).Select(device => new Device([.. device])).ToList();
        if (devices.Find(device => device.Has(SignalKind.Ppg)) is not { } ppg)
            return null;
        var (ecg, line) = (devices.Find(device => device.Has(SignalKind.Ecg)), devices.Find(device => device.Has(SignalKind.Abp)));
        var signals = new PressureSignals(
            ppg.Samples(SignalKind.Ppg), ppg.RateHz, ppg.First, ecg?.Samples(SignalKind.Ecg) ?? [], ecg?.RateHz ?? 1, ecg?.First ?? default,
            ecg?.Beats(SignalKind.Ecg) ?? [], ppg.Beats(SignalKind.Ppg));
        var windows = new List<PressureWindow>();
        if (line is not null)
        {
            foreach (var (start, systolic, diastolic) in line.Pressures())
                if (PressureWindow.Of(signals, start, systolic, diastolic) is { } window)
                    windows.Add(window);
        }
        else if (cuffs.TryGetValue(name, out var cuff))
        {
            var seconds = signals.Ppg.Length / signals.PpgRateHz;
            for (var second = 0; second + PressureWindow.Seconds <= seconds; second += 2)
                if (PressureWindow.Of(signals, ppg.First.AddSeconds(second), cuff.Item1, cuff.Item2) is { } window)
                    windows.Add(window);
        }
        return windows.Count == 0 ? null : new PressureRecording(name, set, windows, HasCourse: line is not null);
    }

    private static Dictionary<string, (double, double)> Cuffs(string file)
    {
        if (!File.Exists(file))
            return [];
        var rows = File.ReadLines(file).Select(line => line.Split(',')).ToList();
        int Column(string name) => Array.IndexOf(rows[0], name);
        var (record, systolic, diastolic) = (Column("record"), Column("sbp_mmhg"), Column("dbp_mmhg"));
        if (record < 0 || systolic < 0 || diastolic < 0)
            throw CommandException.BadUsage($"{Path.GetFileName(file)}: the columns record, sbp_mmhg and dbp_mmhg are wanted.");
        var cuffs = new Dictionary<string, (double, double)>(StringComparer.Ordinal);
        foreach (var row in rows.Skip(1))
            if (row.Length == rows[0].Length && double.TryParse(row[systolic], CultureInfo.InvariantCulture, out var high) && double.TryParse(row[diastolic], CultureInfo.InvariantCulture, out var low)
                && double.IsFinite(high) && double.IsFinite(low))
                cuffs[row[record]] = (high, low);
        return cuffs;
    }

    /// <summary>A device of a recording, through the stages that <c>run</c> uses.</summary>
    private sealed class Device(List<SampleChunk> chunks)
    {
        private readonly WindowResult[] _results = [.. StreamRun.Of(chunks)];

        public double RateHz => chunks[0].RateHz;

        public Timestamp First => chunks[0].FirstSampleTime;

        public bool Has(SignalKind kind) => chunks[0].Channels.IndicesOf(kind).Length > 0;

        /// <summary>The first channel of a kind.</summary>
        public float[] Samples(SignalKind kind)
        {
            var channel = chunks[0].Channels.IndicesOf(kind)[0];
            var (gain, baseline) = (chunks[0].Channels[channel].Gain, chunks[0].Channels[channel].Baseline);
            return
            [
                .. chunks.SelectMany(chunk => Enumerable.Range(0, chunk.SampleCount).Select(i => chunk.Format == SampleFormat.Float32 ? chunk.Float32(channel)[i]
                    : chunk.Int16(channel)[i] is SampleChunk.MissingInt16 ? double.NaN : chunk.Int16(channel)[i])).Select(stored => (float)((stored - baseline) / gain)),
            ];
        }

        /// <summary>The beats of a kind, seconds since 1970.</summary>
        public double[] Beats(SignalKind kind) =>
            [.. _results.SelectMany(result => result.Beats).Where(beat => beat.Signal == kind).Select(beat => First.SecondsSince(default) + beat.SampleIndex / RateHz).Order()];

        /// <summary>Start, systolic and diastolic pressure of the windows in which the line is in order.</summary>
        public IEnumerable<(Timestamp Start, double Systolic, double Diastolic)> Pressures()
        {
            foreach (var result in _results)
            {
                var systolic = result.Estimates.FirstOrDefault(estimate => estimate is { Metric: Metric.Systolic, Status: EstimateStatus.Ok });
                var diastolic = result.Estimates.FirstOrDefault(estimate => estimate is { Metric: Metric.Diastolic, Status: EstimateStatus.Ok });
                if (systolic.Metric == Metric.Systolic && diastolic.Metric == Metric.Diastolic)
                    yield return (First.AddSeconds(result.Window.StartIndex / RateHz), systolic.Value, diastolic.Value);
            }
        }
    }
}
