using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Estimators;

namespace Pipeline.Tests.State;

/// <summary>An ECG's stage that keeps its estimator for itself, as it is, from one window to the next: what <see cref="EcgStage"/> must be like, field by field.</summary>
internal sealed class UnpackedEcg(ChannelLayout channels, double rateHz) : IWindowStage
{
    /// <summary>A stream's stages, with this one where there is an ECG.</summary>
    public static readonly StageFactory Stages = first =>
    [
        .. PatientRun.Stages(first).Select(stage => stage is EcgStage ? new UnpackedEcg(first.Channels, first.RateHz) : stage),
    ];

    private readonly EcgEstimator _estimator = new(EcgForm.Of(channels, rateHz)) { Network = StageRun.Network.Network };

    public string StateName => "ecg";

    public int StateVersion => EcgStage.WithTrust;

    public void Accept(in Window window, StageOutput output) => _estimator.Accept(window, output, "unpacked");

    public void Finish(in Window tail, StageOutput output) => _estimator.Finish(tail, output);

    public void Reset() => _estimator.Clear();

    public void Transfer(StateTransfer state) => _estimator.Transfer(state);
}
