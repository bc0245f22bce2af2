using System.Numerics.Tensors;
using Pipeline.Models;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Training.Fetal;

/// <summary>The windows of one recording as the fetal network is asked about them in service, with what the classical estimator says and with their references.</summary>
public sealed class FetalSequence
{
    private readonly List<Half[]> _inputs = [];
    private readonly List<double> _labels = [];
    private readonly List<FetalTaken> _taken = [];

    private FetalSequence(string name, string set, string? person, int leads) => (Name, Set, Person, Leads) = (name, set, person, leads);

    /// <summary>Name of the recording.</summary>
    public string Name { get; }

    /// <summary>Data set.</summary>
    public string Set { get; }

    /// <summary>Who it is of; null: simulated.</summary>
    public string? Person { get; }

    /// <summary>Abdominal leads.</summary>
    public int Leads { get; }

    /// <summary>Windows.</summary>
    public int Count => _inputs.Count;

    /// <summary>Reference of each window, per minute: NaN where there is none, 0 where there is no fetus.</summary>
    public IReadOnlyList<double> Labels => _labels;

    /// <summary>What the classical stage says of each window.</summary>
    internal IReadOnlyList<FetalTaken> Taken => _taken;

    /// <summary>Of a recording.</summary>
    public static FetalSequence Of(FetalRecording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return Of(recording.Chunks(), new FetalSequence(recording.Name, recording.Set, recording.Person, recording.Leads.Length), recording.RateOf);
    }

    /// <summary>Of a simulated one.</summary>
    internal static FetalSequence Of(string name, string set, IEnumerable<SampleChunk> chunks, int leads, Func<double, double, double> rateOf) =>
        Of(chunks, new FetalSequence(name, set, null, leads), rateOf);

    /// <summary>Writes the input [18 x 85] of a window.</summary>
    public void CopyInput(int window, Span<float> input) => TensorPrimitives.ConvertToSingle(_inputs[window], input);

    private static FetalSequence Of(IEnumerable<SampleChunk> chunks, FetalSequence sequence, Func<double, double, double> rateOf)
    {
        var observed = new FetalObserved();
        var rateHz = 0.0;
        foreach (var (window, _, _, _) in StreamRun.Of(chunks, first =>
        {
            rateHz = first.RateHz;
            return [new FetalStage(first.Channels, first.RateHz, null, null, observed)];
        }))
        {
            if (window.IsTail || observed.Taken is not { } taken)
                continue;
            var half = new Half[FetalFeatures.InputLength];
            TensorPrimitives.ConvertToHalf(observed.Input, half);
            sequence._inputs.Add(half);
            sequence._labels.Add(rateOf(window.StartIndex / rateHz, window.EndIndex / rateHz));
            sequence._taken.Add(taken);
        }
        return sequence;
    }
}
