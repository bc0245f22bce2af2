using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;
using Pipeline.Models.Signals;
using Pipeline.Training.HeartRate;

namespace Pipeline.Host.Networks;

/// <summary>Recordings to train on: with a PPG, and a reference beside them (<see cref="ReferenceRates"/>).</summary>
internal static class TrainingData
{
    /// <summary>Reads all recordings of the folders, by name; the folder is the data set.</summary>
    /// <exception cref="CommandException">A folder is not there, or holds no recording with a reference.</exception>
    /// <exception cref="RecordingException">A recording or its reference is broken.</exception>
    public static IReadOnlyList<RateRecording> Read(IReadOnlyList<string> folders, RecordingOptions options) =>
        [.. ReferencedRecordings.Find(folders).Select(recording => Read(recording, options))];

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

    /// <summary>Reads one of them.</summary>
    /// <exception cref="RecordingException">It or its reference is broken, or it has no PPG.</exception>
    public static RateRecording Read(ReferencedRecording recording, RecordingOptions options)
    {
        var samples = RecordedSamples.Read(recording.Path, SignalKind.Ppg, options)
            ?? throw new RecordingException($"{Path.GetFileName(recording.Path)}: it has a reference but no PPG");
        return new RateRecording(
            recording.Name, recording.Name, recording.Set, samples.RateHz, samples.Of(SignalKind.Ppg), samples.Of(SignalKind.Acc),
            ReferenceRates.Read(recording.Reference).Rows);
    }
}
