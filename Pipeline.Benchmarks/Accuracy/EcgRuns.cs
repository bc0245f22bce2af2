using System.Runtime.InteropServices;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>What decides on the candidates of a recording: the network, or the rule where there is none.</summary>
internal readonly record struct QrsDecision(QrsScore Score, QrsNetwork? Network);

/// <summary>Recordings through the ECG stage.</summary>
internal static class EcgRuns
{
    /// <summary>What the ECG stage says of it, through the product's own windows.</summary>
    public static List<WindowResult> Run(this EcgRecording recording, QrsDecision decision) =>
        [.. StreamRun.Of(Chunks(recording), first => [new EcgStage(first.Channels, first.RateHz, decision.Score, decision.Network)])];

    private static IEnumerable<SampleChunk> Chunks(EcgRecording recording)
    {
        var layout = new ChannelLayout([.. recording.Leads.Select((_, l) => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]);
        var size = (int)recording.RateHz;
        for (var first = 0; first < recording.SampleCount; first += size)
        {
            var count = Math.Min(size, recording.SampleCount - first);
            var values = new float[recording.Leads.Length * count];
            for (var l = 0; l < recording.Leads.Length; l++)
                recording.Leads[l].AsSpan(first, count).CopyTo(values.AsSpan(l * count));
            yield return new SampleChunk
            {
                Patient = new PatientId(recording.Name),
                Bed = "",
                Ward = "",
                Device = "ecg",
                Epoch = 0,
                RateHz = recording.RateHz,
                FirstSampleIndex = first,
                FirstSampleTime = default(Timestamp).AddSeconds(first / recording.RateHz),
                Channels = layout,
                SampleCount = count,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                EndOfStream = first + count >= recording.SampleCount,
            };
        }
    }
}
