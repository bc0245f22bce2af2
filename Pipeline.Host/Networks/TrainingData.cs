using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Host.Commands;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Training;

namespace Pipeline.Host.Networks;

/// <summary>
/// Recordings to train on: WFDB records with a PPG and, beside the header, a reference <c>NAME.ref.csv</c> with the columns <c>t_start_s</c> and
/// <c>hr_bpm</c>. Records named <c>extra_*</c> repeat a person of another one and are never taken.
/// </summary>
internal static class TrainingData
{
    private const string ReferenceEnding = ".ref.csv", StartColumn = "t_start_s", RateColumn = "hr_bpm";

    /// <summary>Reads all recordings of the folders, by name; the folder is the data set.</summary>
    /// <exception cref="CommandException">A folder is not there, or holds no recording with a reference.</exception>
    /// <exception cref="RecordingException">A recording or its reference is broken.</exception>
    public static IReadOnlyList<RateRecording> Read(IReadOnlyList<string> folders)
    {
        var recordings = new List<RateRecording>();
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
                throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
            var headers = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).ToList();
            var referenced = headers.FindAll(header => File.Exists(ReferenceOf(header)) && !Path.GetFileName(header).StartsWith("extra_", StringComparison.Ordinal));
            if (referenced.Count == 0)
                throw CommandException.BadUsage(headers.Count == 0
                    ? $"--data {folder}: it holds no WFDB recordings (*.hea)."
                    : $"--data {folder}: none of its {headers.Count} recordings has a reference beside it (NAME{ReferenceEnding} with {StartColumn} and {RateColumn}).");
            recordings.AddRange(referenced.Select(Read));
        }
        if (recordings.GroupBy(r => r.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, in {string.Join(" and ", twice.Select(r => r.Set))}: a recording must not be on both sides of a split.");
        return recordings;
    }

    /// <summary>SHA-256 over names, rates, samples and references, in hexadecimal.</summary>
    public static string HashOf(IReadOnlyList<RateRecording> recordings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var recording in recordings)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{recording.Set}/{recording.Name} {recording.RateHz} {recording.Ppg.Length} {recording.Acc.Length} {recording.Labels.Count}\n")));
            foreach (var channel in recording.Ppg.Concat(recording.Acc))
                hash.AppendData(MemoryMarshal.AsBytes<float>(channel));
            foreach (var (start, rate) in recording.Labels)
                hash.AppendData(MemoryMarshal.AsBytes<double>([start, rate]));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string ReferenceOf(string header) => Path.ChangeExtension(header, ReferenceEnding);

    private static RateRecording Read(string header)
    {
        using var recording = Recording.Open(header, new RecordingOptions([], null));
        var device = recording.Devices.FirstOrDefault(d => d.Channels.IndicesOf(SignalKind.Ppg).Length > 0);
        if (device.Channels is null)
            throw new RecordingException($"{recording.Name}: it has a reference but no PPG");
        var samples = new List<float>[device.Channels.Count];
        for (var c = 0; c < samples.Length; c++)
            samples[c] = [];
        foreach (var chunk in recording.Chunks(new(new PatientId(recording.Name), "", "", 0, new Timestamp(0))).Where(c => c.Device == device.Device))
            for (var c = 0; c < samples.Length; c++)
                Append(chunk, c, samples[c]);
        float[][] Of(SignalKind kind) => [.. device.Channels.IndicesOf(kind).Select(c => samples[c].ToArray())];
        return new RateRecording(
            recording.Name, recording.Name, Path.GetFileName(Path.GetFullPath(Path.GetDirectoryName(header) ?? ".")), device.RateHz,
            Of(SignalKind.Ppg), Of(SignalKind.Acc), Labels(ReferenceOf(header)));
    }

    private static void Append(SampleChunk chunk, int channel, List<float> samples)
    {
        var (gain, baseline) = (chunk.Channels[channel].Gain, chunk.Channels[channel].Baseline);
        for (var i = 0; i < chunk.SampleCount; i++)
        {
            var stored = chunk.Format == SampleFormat.Float32 ? chunk.Float32(channel)[i]
                : chunk.Int16(channel)[i] is SampleChunk.MissingInt16 ? double.NaN : chunk.Int16(channel)[i];
            samples.Add((float)((stored - baseline) / gain));
        }
    }

    private static List<(double StartSeconds, double BeatsPerMinute)> Labels(string path)
    {
        var name = Path.GetFileName(path);
        var lines = File.ReadAllLines(path);
        var columns = lines.Length == 0 ? [] : lines[0].Split(',');
        var (start, rate) = (Array.IndexOf(columns, StartColumn), Array.IndexOf(columns, RateColumn));
        if (start < 0 || rate < 0)
            throw new RecordingException($"{name}: columns {StartColumn} and {RateColumn} are wanted; it has {string.Join(", ", columns)}");
        var labels = new List<(double, double)>();
        for (var row = 1; row < lines.Length; row++)
        {
            var fields = lines[row].Split(',');
            if (fields.Length <= Math.Max(start, rate) || fields[rate].Length == 0)
                continue;
            if (!double.TryParse(fields[start], CultureInfo.InvariantCulture, out var seconds) || !double.TryParse(fields[rate], CultureInfo.InvariantCulture, out var value))
                throw new RecordingException($"{name}: line {row + 1} '{WfdbHeader.Shown(lines[row])}' is no start and rate");
            labels.Add((seconds, value));
        }
        return labels;
    }
}
