using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// The mother's beats in a window: those of the best direction through the leads, by likeness, regularity and the share of the leads'
/// energy that the mean beat explains. Directions are the one in use, the independent components and the leads themselves. This is what is
/// kept of a stream; the work is done with a <see cref="FetalWorkspace"/>.
/// </summary>
internal sealed class MaternalBeats
{
    private const int Most = FetalTiming.MostLeads;
    private const float Poor = 1.2f;            // below it, others are looked for in every window
    private const float ForPresent = 0.1f;
    private const float OfEnergy = 3;

    private readonly float[] _direction = new float[Most];      // of leads divided by their SD
    private readonly float[] _components = new float[Most * Most];
    private int _leads;         // bits of the leads that the direction is for; 0: none is known
    private float _score;

    /// <summary>How good the beats of the last window are: about 1.2 to 3; <see cref="BeatSearch.Nothing"/> and less where there are
    /// none.</summary>
    public float Score => _leads == 0 ? BeatSearch.Nothing : _score;

    /// <summary>Finds the beats of a window: writes them, ascending, and returns how many.</summary>
    /// <param name="signals">The leads in use.</param>
    /// <param name="leads">Which they are, a bit each.</param>
    /// <param name="wide">Whether other directions are to be looked at in any case.</param>
    /// <param name="work">To work with; its <see cref="FetalWorkspace.Maternal"/> is then the signal in which the beats were found.</param>
    /// <param name="beats">Place for <see cref="FetalTiming.MostBeats"/>.</param>
    public int Find(SignalRows signals, int leads, bool wide, FetalWorkspace work, Span<int> beats)
    {
        var n = signals.Count;
        var standard = work.Standard(signals);
        var (count, best) = (0, float.NegativeInfinity);
        Span<float> direction = stackalloc float[n], chosen = stackalloc float[n];
        var known = _leads == leads;
        if (known)
        {
            _direction.AsSpan(0, n).CopyTo(direction);
            Try(signals, standard, direction, ForPresent, work, beats, chosen, ref count, ref best);
        }
        else
            Array.Clear(_components);
        if (!known || wide || _score < Poor)
        {
            var components = _components.AsSpan(0, n * n);
            work.Components.Find(standard, components);
            for (var c = 0; c < n; c++)
                Try(signals, standard, components.Slice(c * n, n), 0, work, beats, chosen, ref count, ref best);
            for (var c = 0; c < n && n > 1; c++)
            {
                direction.Clear();
                direction[c] = 1;
                Try(signals, standard, direction, 0, work, beats, chosen, ref count, ref best);
            }
        }
        (_leads, _score) = (leads, best);
        _direction.AsSpan().Clear();
        chosen.CopyTo(_direction);
        Mix(standard, chosen, work.Maternal.AsSpan(0, signals.Length));
        return count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_direction);
        Array.Clear(_components);
        (_leads, _score) = (0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_direction);
        state.Values<float>(_components);
        state.Within(ref _leads, 0, (1 << Most) - 1);
        state.Value(ref _score);
    }

    private static void Try(
        SignalRows signals, SignalRows standard, ReadOnlySpan<float> direction, float ahead, FetalWorkspace work, Span<int> beats, Span<float> chosen, ref int count, ref float best)
    {
        var mixed = work.Candidate.AsSpan(0, signals.Length);
        Mix(standard, direction, mixed);
        var found = work.CandidateBeats.AsSpan();
        var foundCount = work.Search.Find(mixed, BeatForm.Mother, found, out var score);
        var explained = Explained(signals, found[..foundCount]);
        score = (explained < 0 ? BeatSearch.Nothing : score + OfEnergy * explained) + ahead;
        if (score <= best)
            return;
        (best, count) = (score, foundCount);
        found[..foundCount].CopyTo(beats);
        direction.CopyTo(chosen);
    }

    private static void Mix(SignalRows signals, ReadOnlySpan<float> direction, Span<float> mixed)
    {
        mixed.Clear();
        for (var c = 0; c < signals.Count; c++)
            TensorPrimitives.MultiplyAdd(signals[c], direction[c], mixed, mixed);
    }

    /// <summary>Largest share, over the leads, of the energy that the mean beat (±60 ms) explains; −1 where there are fewer than three
    /// beats.</summary>
    private static float Explained(SignalRows signals, ReadOnlySpan<int> beats)
    {
        var half = BeatForm.Mother.Half;
        Span<float> mean = stackalloc float[2 * half];
        var largest = -1f;
        for (var c = 0; c < signals.Count; c++)
        {
            var signal = signals[c];
            var count = 0;
            mean.Clear();
            foreach (var at in beats)
                if (at > half && at < signal.Length - half)
                {
                    TensorPrimitives.Add(mean, signal.Slice(at - half, mean.Length), mean);
                    count++;
                }
            var energy = TensorPrimitives.SumOfSquares<float>(signal);
            if (count >= 3 && energy > 0)
                largest = Math.Max(largest, TensorPrimitives.SumOfSquares<float>(mean) / (count * energy));
        }
        return largest;
    }
}
