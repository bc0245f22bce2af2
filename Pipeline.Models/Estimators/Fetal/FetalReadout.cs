using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Makes marks of tracks: a beat is said once, with the first window that ends two seconds or more after it, and so at most four after it
/// (the first window says all before its last two seconds).
/// </summary>
internal sealed class FetalReadout
{
    private const int MostSaid = 40, SaidUsed = 30;
    private const int LeastFetal = 55, LeastMaternal = 75;      // samples from one mark to the next

    private readonly long[] _said = new long[MostSaid];     // beats of the fetal track that were said, the last ones, ascending
    private int _saidCount;
    private long _next;                                     // beats before it were said
    private long _lastFetal = -1 << 20, _lastMaternal = -1 << 20;

    /// <summary>Writes the beats said before that lie in the window from <paramref name="start"/> on, as samples of it; how many.</summary>
    public int Said(long start, Span<int> beats)
    {
        var count = 0;
        for (var i = Math.Max(0, _saidCount - SaidUsed); i < _saidCount; i++)
            if (_said[i] >= start)
                beats[count++] = (int)(_said[i] - start);
        return count;
    }

    /// <summary>Adds the marks that lie before <paramref name="horizon"/> and were not said yet.</summary>
    /// <param name="track">The fetal track, samples of the window.</param>
    /// <param name="fetal">The same, placed; as many.</param>
    /// <param name="mother">The mother's beats.</param>
    /// <param name="start">Index of the window's first sample.</param>
    /// <param name="horizon">Marks before this index are said.</param>
    /// <param name="output">Gets the marks: (index, whether it is the fetus's), ascending.</param>
    public void Say(ReadOnlySpan<int> track, ReadOnlySpan<int> fetal, ReadOnlySpan<int> mother, long start, long horizon, List<(long Index, bool IsFetal)> output)
    {
        foreach (var at in track)
            if (start + at >= _next && start + at < horizon && (_saidCount == 0 || start + at - _said[_saidCount - 1] > LeastFetal))
                Remember(start + at);
        Add(fetal, start, horizon, isFetal: true, ref _lastFetal, output);
        Add(mother, start, horizon, isFetal: false, ref _lastMaternal, output);
        output.Sort();
        _next = Math.Max(_next, horizon);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_said);
        (_saidCount, _next, _lastFetal, _lastMaternal) = (0, 0, -1 << 20, -1 << 20);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _saidCount, 0, MostSaid);
        state.Values<long>(_said);
        state.Count(ref _next);
        state.Value(ref _lastFetal);
        state.Value(ref _lastMaternal);
        for (var i = 0; i < _saidCount; i++)
            state.Check(_said[i] < _next && (i == 0 || _said[i] > _said[i - 1]), "marks out of order");
    }

    // A beat that lay just behind the last horizon, and lies just before it now, was not said: it is, at that horizon.
    private void Add(ReadOnlySpan<int> beats, long start, long horizon, bool isFetal, ref long last, List<(long Index, bool IsFetal)> output)
    {
        foreach (var at in beats)
        {
            var index = Math.Max(start + at, _next);
            if (index - (start + at) > FetalTiming.SameBeatSamples || index >= horizon || index - last <= (isFetal ? LeastFetal : LeastMaternal))
                continue;
            output.Add((index, isFetal));
            last = index;
        }
    }

    private void Remember(long index)
    {
        if (_saidCount == MostSaid)
        {
            _said.AsSpan(1).CopyTo(_said);
            _saidCount--;
        }
        _said[_saidCount++] = index;
    }

    /// <summary>
    /// Puts the beats of a track where the energy of the mean residual beat is highest (±48 ms), and a beat that is more than 40 ms off the
    /// middle of its neighbours, while these fit the usual interval, into the middle: it was hidden.
    /// </summary>
    /// <param name="signals">The residual in which the track was found.</param>
    /// <param name="track">The track.</param>
    /// <param name="placed">Gets as many beats.</param>
    public static void Place(SignalRows signals, ReadOnlySpan<int> track, Span<int> placed)
    {
        var shift = Shift(signals, track);
        for (var i = 0; i < track.Length; i++)
            placed[i] = Math.Clamp(track[i] + shift, 0, signals.Length - 1);
        if (track.Length < 5)
            return;
        var usual = Medians.OfIntervals(placed[..track.Length]);
        for (var i = 1; i + 1 < track.Length; i++)
        {
            var (middle, half) = ((placed[i - 1] + placed[i + 1]) / 2f, (placed[i + 1] - placed[i - 1]) / 2f);
            if (Math.Abs(placed[i] - middle) > FetalTiming.SameBeatSamples && Math.Abs(half / usual - 1) < 0.12f)
                placed[i] = (int)MathF.Round(middle);
        }
    }

    /// <summary>Puts the beats of a track where the energy of the mean beat is highest (±48 ms).</summary>
    /// <param name="signals">What shows them.</param>
    /// <param name="track">The track; then the placed beats.</param>
    public static void Place(SignalRows signals, Span<int> track)
    {
        var shift = Shift(signals, track);
        foreach (ref var at in track)
            at = Math.Clamp(at + shift, 0, signals.Length - 1);
    }

    private static int Shift(SignalRows signals, ReadOnlySpan<int> track)
    {
        const int Reach = 12, Margin = 15, Smooth = 2;
        Span<float> mean = stackalloc float[2 * Reach + 1], energy = stackalloc float[2 * Reach + 1];
        energy.Clear();
        var count = 0;
        for (var c = 0; c < signals.Count; c++)
        {
            var signal = signals[c];
            mean.Clear();
            count = 0;
            foreach (var at in track)
                if (at > Margin && at < signal.Length - Margin)
                {
                    TensorPrimitives.Add(mean, signal.Slice(at - Reach, mean.Length), mean);
                    count++;
                }
            TensorPrimitives.MultiplyAdd(mean, mean, energy, energy);
        }
        if (count <= 3)
            return 0;
        var (best, shift) = (-1f, 0);
        for (var k = 0; k < energy.Length; k++)
        {
            var (from, to) = (Math.Max(0, k - Smooth), Math.Min(energy.Length, k + Smooth + 1));
            var level = TensorPrimitives.Sum<float>(energy[from..to]) / (to - from);
            if (level > best)
                (best, shift) = (level, k - Reach);
        }
        return shift;
    }
}
