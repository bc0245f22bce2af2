using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Tracks the fetus in the output of a filter: the output by its local level and by the mother's phase, beats that were said before a
/// little ahead. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class FetalTracking(FetalWorkspace work)
{
    private const float ForSaid = 0.15f;
    private const int SaidReach = 3;
    private const float Sure = 1, LeastSlow = 1, ToBeSlow = 0.5f;

    private readonly float[] _bonus = new float[FetalTiming.WindowSamples], _level = new float[FetalTiming.WindowSamples];
    private readonly int[] _mother = new int[FetalTiming.MostBeats], _said = new int[FetalTiming.MostBeats], _slow = new int[FetalTiming.MostBeats];
    private int _motherCount, _saidCount, _length;
    private bool _isMotherQuick;     // then she may be the fetus, and the fetus the mother

    /// <summary>The mother's beats.</summary>
    public ReadOnlySpan<int> Mother => _mother.AsSpan(0, _motherCount);

    /// <summary>Takes what is known of a window of <paramref name="length"/> samples.</summary>
    /// <param name="length">Samples.</param>
    /// <param name="mother">The mother's beats.</param>
    /// <param name="said">Beats of the fetus that were said before, in the window.</param>
    public void Begin(int length, ReadOnlySpan<int> mother, ReadOnlySpan<int> said)
    {
        (_length, _motherCount, _saidCount) = (length, mother.Length, said.Length);
        mother.CopyTo(_mother);
        said.CopyTo(_said);
        work.Phase.Take(mother);
        _isMotherQuick = mother.Length > 5 && Medians.OfIntervals(mother) < FoundHearts.QuickSamples;
        var bonus = _bonus.AsSpan(0, length);
        bonus.Clear();
        foreach (var at in said)
            bonus[Math.Max(0, at - SaidReach)..Math.Min(length, at + SaidReach + 1)].Fill(ForSaid);
    }

    /// <summary>Turns the output of a filter into the strength that is tracked; writes the beats and returns how many.</summary>
    /// <param name="output">The output; then the strength.</param>
    /// <param name="beats">Place for <see cref="FetalTiming.MostBeats"/>.</param>
    /// <param name="mayBeSlow">Whether a bradycardia is looked for where the track is not certain: of a fetus that is known, or where the
    /// hearts may be exchanged.</param>
    /// <param name="terms">How surely the track is a fetus's.</param>
    public int Track(Span<float> output, Span<int> beats, bool mayBeSlow, out BeatTerms terms)
    {
        Strengthen(output);
        var count = work.Lattice.Track(output, BeatForm.Fetus.Intervals, _bonus.AsSpan(0, _length), beats);
        terms = work.Contrast.Of(beats[..count], output, Mother, _said.AsSpan(0, _saidCount));
        return (mayBeSlow || _isMotherQuick) && terms.Contrast < Sure ? Slow(output, beats, count, ref terms) : count;
    }

    /// <summary>Turns the output of a filter into the strength that is tracked.</summary>
    public void Strengthen(Span<float> output)
    {
        var level = _level.AsSpan(0, _length);
        work.Level.RootMeanSquares(output, FetalTiming.LevelSamples, level);
        TensorPrimitives.Add(level, 1e-12f, level);
        TensorPrimitives.Divide(output, level, output);
        work.Phase.Divide(output);
        TensorPrimitives.Max(output, 0f, output);
    }

    /// <summary>A bradycardia: intervals beyond those of a fetus, where they stand out clearly more and are no wave of the
    /// mother's.</summary>
    private int Slow(ReadOnlySpan<float> strength, Span<int> beats, int count, ref BeatTerms terms)
    {
        var slow = _slow.AsSpan();
        var slowCount = work.Lattice.Track(strength, BeatForm.SlowFetus, _bonus.AsSpan(0, _length), slow);
        var ofSlow = work.Contrast.Of(slow[..slowCount], strength, Mother, _said.AsSpan(0, _saidCount));
        if (ofSlow.Contrast < Math.Max(LeastSlow, terms.Contrast + ToBeSlow) || MaternalLikeness.AreLocked(slow[..slowCount], Mother))
            return count;
        terms = ofSlow;
        slow[..slowCount].CopyTo(beats);
        return slowCount;
    }
}
