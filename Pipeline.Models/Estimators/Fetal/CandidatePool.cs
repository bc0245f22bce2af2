namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Series of beats that may be the fetus's, the best of which are looked at closely. One thread at a time.</summary>
internal sealed class CandidatePool
{
    private const int Most = 2 * FetalTiming.MostLeads * MaternalCancellation.Variants;

    private readonly int[] _beats = new int[Most * FetalTiming.MostBeats];
    private readonly int[] _counts = new int[Most], _variants = new int[Most];
    private readonly float[] _scores = new float[Most];
    private int _count;

    /// <summary>Makes it empty.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds a series; at most 16.</summary>
    public void Add(float score, int variant, ReadOnlySpan<int> beats)
    {
        (_scores[_count], _variants[_count], _counts[_count]) = (score, variant, beats.Length);
        beats.CopyTo(_beats.AsSpan(_count * FetalTiming.MostBeats));
        _count++;
    }

    /// <summary>Takes out the series with the highest score, of equals the first.</summary>
    public bool TryTakeBest(out int variant, out ReadOnlySpan<int> beats)
    {
        var best = -1;
        for (var i = 0; i < _count; i++)
            if (_counts[i] > 0 && (best < 0 || _scores[i] > _scores[best]))
                best = i;
        variant = 0;
        beats = default;
        if (best < 0)
            return false;
        variant = _variants[best];
        beats = _beats.AsSpan(best * FetalTiming.MostBeats, _counts[best]);
        _counts[best] = 0;
        return true;
    }
}
