using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Publishing;

/// <summary>A recording as the chunks that its devices would send.</summary>
internal static class RecordedSequence
{
    /// <summary>
    /// The chunks of the recording at <paramref name="path"/>; with <paramref name="isLooping"/> without end: after its last sample its
    /// devices restart, each time with the next epoch.
    /// </summary>
    public static IEnumerable<SampleChunk> Of(string path, RecordingOptions options, RecordedPatient patient, bool isLooping)
    {
        while (true)
        {
            using var recording = Recording.Open(path, options);
            var end = patient.Start;
            foreach (var chunk in recording.Chunks(patient))
            {
                end = chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);
                yield return chunk;
            }
            if (!isLooping || end <= patient.Start)
                yield break;
            patient = patient with { Epoch = patient.Epoch + 1, Start = end };
        }
    }
}
