using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
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

    /// <summary>What all stages of such a device say of it.</summary>
    public static IEnumerable<WindowResult> Run(this EcgRecording recording, IReadOnlyList<INetwork> networks) =>
        recording.Run(first => Stages.Create(first.Channels, first.RateHz, networks));

    /// <summary>What <paramref name="stages"/> say of it.</summary>
    public static IEnumerable<WindowResult> Run(this EcgRecording recording, StageFactory stages) => StreamRun.Of(Chunks(recording), stages);

    private static IEnumerable<SampleChunk> Chunks(EcgRecording recording) => StreamRun.Chunks(
        recording.Leads, new ChannelLayout([.. recording.Leads.Select((_, l) => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]), recording.RateHz);
}
