using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A stage that asks about every window, with the sum of its samples as the input, and has a second estimate that needs no network. It keeps to
/// what <see cref="NetworkPpgStage"/> keeps to, without its work. Windows can be made to throw, to be poison for the network, or NaN.
/// </summary>
internal sealed class AskingStage(Func<long, AskingStage.Trouble> troubleAt) : IWindowStage
{
    private readonly float[] _samples = new float[4096];
    private RateModel? _model;
    private bool _startsAnew = true;

    public enum Trouble
    {
        None,
        Throws,
        Poison,
        NotANumber,
    }

    /// <summary>Trouble by patient and the window's start.</summary>
    public static StageFactory Factory(Func<string, long, Trouble>? trouble = null) =>
        first => [new AskingStage(start => trouble?.Invoke(first.Patient.Value, start) ?? Trouble.None)];

    public void Use(INetwork network) => _model = network as RateModel ?? _model;

    public void Accept(in Window window, StageOutput output)
    {
        var trouble = troubleAt(window.StartIndex);
        if (trouble == Trouble.Throws)
            throw new InvalidOperationException($"window {window.Id} is not to be had");
        var samples = _samples.AsSpan(0, window.Length);
        window.CopyPhysical(0, 0, samples);
        var sum = 0f;
        foreach (var sample in samples)
            sum += float.IsNaN(sample) ? 0 : sample;
        var question = output.Ask(_model ?? throw new InvalidOperationException("no model"));
        question.Input[0] = sum;
        question.Input[1] = trouble == Trouble.Poison ? StepSession.Poison : trouble == Trouble.NotANumber ? float.NaN : 0;
        // Where the network answers, the answer is its own: there is no classical value to join it with.
        var classical = trouble == Trouble.None ? Nothing : Known(SignalKind.Ppg, sum);
        question.Set(_startsAnew, classical, usable: 1, new PpgVerdict(HasPulse: true, CountedRate: double.NaN));
        _startsAnew = false;
        output.Estimates.Add(Known(SignalKind.Ecg, sum));
    }

    public void Finish(in Window tail, StageOutput output)
    {
    }

    public void Reset() => _startsAnew = true;

    public string StateName => "asking";

    public int StateVersion => 1;

    public void Transfer(StateTransfer state)
    {
        state.Value(ref _startsAnew);
    }

    private static Estimate Nothing =>
        new(SignalKind.Ppg, Metric.HeartRate, double.NaN, double.NaN, 0, 1, EstimateStatus.LowQuality, Stages.Classical);

    private static Estimate Known(SignalKind signal, float value) => new(signal, Metric.HeartRate, value, 1, 1, 1, EstimateStatus.Ok, Stages.Classical);
}
