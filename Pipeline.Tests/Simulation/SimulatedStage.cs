using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Serving;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// A cheap stage whose estimates tell everything that could go wrong: the window's sum, a hash of all samples since the stream began (one twice,
/// missing or out of order changes all that follows), the patient that the samples are of; and a question to a network with a memory.
/// Some windows are poison for the network, and on some the stage throws.
/// </summary>
internal sealed class SimulatedStage : IWindowStage
{
    public const int PatientInput = 2;      // where a question's input says whose it is

    private const int HashLimit = 1 << 20;

    private RateModel? _model;
    private int _hash;
    private bool _startsAnew = true;

    // Episodes and prolonged decelerations begin and end within minutes.
    private static readonly CtgRules Limits = new() { BaselineMinutes = 3, ProlongedSeconds = 60 };

    /// <summary>A cheap stage; of abdominal leads and cardiotocographs the product's.</summary>
    public static StageFactory Factory { get; } = first => first.Channels[0].Kind == SignalKind.Unknown
        ? [new SimulatedStage()]
        : Stages.Create(first.Channels, first.RateHz, ctg: Limits);

    public string StateName => "simulated";

    public int StateVersion => 1;

    public void Use(INetwork network) => _model = network as RateModel ?? _model;

    public void Accept(in Window window, StageOutput output)
    {
        Span<float> samples = stackalloc float[window.Length];
        window.CopyPhysical(0, 0, samples);
        var (sum, patient) = (0f, -1);
        for (var i = 0; i < samples.Length; i++)
        {
            var sample = float.IsNaN(samples[i]) ? -1 : (int)samples[i];
            sum += Math.Max(0, sample);
            patient = sample < 0 ? patient : sample & 31;
            if (i >= samples.Length - window.NewSampleCount)
                _hash = (_hash * 31 + sample + 2) & (HashLimit - 1);
        }
        if (((int)sum + 5 * patient) % 311 == 0)
            throw new InvalidOperationException($"the window of {sum} is not to be had");
        var question = output.Ask(_model ?? throw new InvalidOperationException("no model"));
        question.Input[0] = sum;
        question.Input[1] = ((int)sum + patient) % 89 == 0 ? StepSession.Poison : 0;
        question.Input[PatientInput] = patient;
        question.Set(
            _startsAnew, new Estimate(SignalKind.Ppg, Metric.HeartRate, sum, 1, 1, 1, EstimateStatus.Ok, Stages.Classical), usable: 1,
            new PpgVerdict(HasPulse: true, CountedRate: double.NaN));
        _startsAnew = false;
        output.Estimates.Add(new Estimate(
            SignalKind.Ecg, Metric.HeartRate, sum, patient, _hash / (double)HashLimit, window.Coverage(), EstimateStatus.Ok, Stages.Classical));
    }

    public void Finish(in Window tail, StageOutput output)
    {
    }

    public void Reset() => (_startsAnew, _hash) = (true, 1);

    public void Transfer(StateTransfer state)
    {
        state.Value(ref _hash);
        state.Value(ref _startsAnew);
    }
}
