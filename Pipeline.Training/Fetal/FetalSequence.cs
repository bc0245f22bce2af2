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
    private readonly List<double> _labels = [], _mothers = [];
    private readonly List<Estimate> _classical = [];

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

    /// <summary>The classical estimate of each window.</summary>
    public IReadOnlyList<Estimate> Classical => _classical;

    /// <summary>The mother's rate in each window; NaN where it is not known.</summary>
    public IReadOnlyList<double> Mothers => _mothers;

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
        var input = new float[FetalFeatures.InputLength];
        var rateHz = 0.0;
        foreach (var (window, estimates, _, _) in StreamRun.Of(chunks, first =>
        {
            rateHz = first.RateHz;
            return [new FetalStage(first.Channels, first.RateHz, null, null, input)];
        }))
        {
            // Of less than 4 s nothing is asked.
            if (window.IsTail || input.AsSpan().IndexOfAnyExcept(0f) < 0)
                continue;
            var half = new Half[input.Length];
            TensorPrimitives.ConvertToHalf(input, half);
            sequence._inputs.Add(half);
            sequence._labels.Add(rateOf(window.StartIndex / rateHz, window.EndIndex / rateHz));
            sequence._mothers.Add(estimates.First(e => e.Metric == Metric.HeartRate).Value);
            sequence._classical.Add(estimates.First(e => e.Metric == Metric.FetalHeartRate));
            Array.Clear(input);
        }
        return sequence;
    }
}
