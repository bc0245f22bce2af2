using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>The demo's ward: its first beds replay recordings, over and over, the others are simulated.</summary>
internal sealed class Ward
{
    private const string Name = "demo";

    /// <summary>Sequences of chunks, each in order of time.</summary>
    public required IReadOnlyList<IEnumerable<SampleChunk>> Devices { get; init; }

    /// <summary>Ward time at the beginning.</summary>
    public required Timestamp Start { get; init; }

    /// <summary>What should be known of the recordings; one line each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Opens it.</summary>
    /// <exception cref="RecordingException">A recording cannot be read.</exception>
    public static Ward Create(int bedCount, IReadOnlyList<string> recordings, Timestamp start)
    {
        var devices = new List<IEnumerable<SampleChunk>>();
        var notes = new List<string>();
        foreach (var path in recordings)
        {
            using (var recording = Recording.Open(path, RecordingOptions.None))   // a file that cannot be read is told before anything starts
                notes.AddRange(recording.Notes.Select(note => $"{recording.Name}: {note}"));
            devices.Add(Replay(path, new RecordedPatient(new PatientId($"R-{Path.GetFileNameWithoutExtension(path)}"), BedName(devices.Count + 1), Name, 1, start)));
        }
        return new Ward { Devices = devices, Start = start, Notes = notes, TrueHeartRate = (_, _, _) => null };
    }

    /// <summary>True mean heart rate of a patient over a window, beats/min; null for recordings.</summary>
    public required Func<PatientId, Timestamp, Timestamp, double?> TrueHeartRate { get; init; }

    /// <summary>A recording without end: after its last sample the devices restart.</summary>
    private static IEnumerable<SampleChunk> Replay(string path, RecordedPatient patient)
    {
        while (true)
        {
            using var recording = Recording.Open(path, RecordingOptions.None);
            var end = patient.Start;
            foreach (var chunk in recording.Chunks(patient))
            {
                end = chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);
                yield return chunk;
            }
            if (end == patient.Start)
                yield break;   // no sample in it: it would be read again without end
            patient = patient with { Epoch = patient.Epoch + 1, Start = end };
        }
    }

    private static string BedName(int number) => $"bed-{number:00}";
}
