using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// A candidate as the network sees it: <see cref="Count"/> numbers, none of which depends on unit, gain or sign of a lead. First the
/// overall numbers (strength, time since the last beat, likeness, the candidates before and after), then the beat strength around it every
/// 50 ms from 1.2 s before to 0.6 s after, then the two clearest leads: likeness to the templates, size, local RMS, and the shape of the
/// band-passed wave and of the wave with its baseline taken away. A lead that is not there is zeros. Keeps of each candidate what the next
/// one's numbers need.
/// </summary>
internal sealed class QrsNetworkInput
{
    /// <summary>Name of this description, which a package for it carries.</summary>
    public const string Name = "qrs-candidate-2";

    /// <summary>Numbers of a candidate.</summary>
    public const int Count = Overall + Around + Slots * Slot;

    private const int Overall = 35;
    private const int Around = FirstLag + LastLag + 1;
    private const int FirstLag = 24;
    private const int LastLag = 12;
    private const int Slots = 2;
    private const int Likenesses = 12;
    private const int Slot = Likenesses + QrsShape.Points + QrsSlowShape.Points;
    private const int WithSlowShapes = 2;   // from this version of the state on; before, beats were known by their band-passed shape alone
    private const float AmbiguityRate = 1 / 16f;
    private const float LeastThreshold = 0.2f;
    private const float ThresholdRise = 0.35f;
    private const float FullAmbiguity = 0.25f;

    private readonly QrsTiming _timing;
    private readonly QrsLead[] _leads;
    private readonly QrsShape[] _shapes;
    private readonly float[] _weights;
    private readonly QrsStrength _strength;
    private readonly QrsRhythm _rhythm;
    private readonly QrsFeatures _features;
    private readonly PostQrsStrength _postQrs;
    private readonly QrsSlowShape[] _slow;
    private readonly int _rmsFrom, _rmsTo;    // where the local RMS is taken, in samples from the candidate: clear of its own QRS
    private float _ambiguity, _acceptedOdds, _acceptedStrength, _acceptedMatch;
    private float _previousOdds, _previousStrength, _previousMatch;
    private long _previousAt;

    public QrsNetworkInput(QrsSignal signal, QrsFeatures features)
    {
        (_timing, _leads, _shapes, _weights) = (signal.Timing, signal.Leads, signal.Shapes, signal.Weights);
        (_strength, _rhythm, _features) = (signal.Strength, signal.Rhythm, features);
        (_rmsFrom, _rmsTo) = (_timing.Of(0.12), _timing.Of(0.45));
        _postQrs = new PostQrsStrength(_timing, _strength);
        _slow = Array.ConvertAll(_leads, _ => new QrsSlowShape(_timing));
        Clear();
    }

    /// <summary>Log-odds above which a candidate is a beat: low where decisions are clear, higher where they have been doubtful.</summary>
    public float Threshold
    {
        get
        {
            var probability = LeastThreshold + ThresholdRise * Math.Min(1, _ambiguity / FullAmbiguity);
            return MathF.Log(probability / (1 - probability));
        }
    }

    /// <summary>Describes the candidate at <paramref name="at"/>, which <see cref="QrsFeatures.Describe"/> has just described.</summary>
    /// <param name="at">The candidate.</param>
    /// <param name="next">The candidates after it that are known by now, ascending.</param>
    /// <param name="x">[<see cref="Count"/>], the description.</param>
    public void Describe(long at, ReadOnlySpan<long> next, Span<float> x)
    {
        var strength = _strength[at];
        for (var l = 0; l < _leads.Length; l++)
            if (_weights[l] > 0)
                _slow[l].See(_leads[l], at);
        DescribeOverall(at, strength, x);
        DescribeNext(at, strength, next, x.Slice(25, 3));
        DescribeAround(at, strength, x.Slice(Overall, Around));
        var (first, second) = Clearest();
        DescribeLead(first, at, x.Slice(Overall + Around, Slot));
        DescribeLead(second, at, x.Slice(Overall + Around + Slot, Slot));
    }

    /// <summary>The candidate last described got these log-odds.</summary>
    public void Decided(long at, float logOdds)
    {
        var probability = 1 / (1 + MathF.Exp(-logOdds));
        _ambiguity += AmbiguityRate * (4 * probability * (1 - probability) - _ambiguity);
        _previousAt = at;
        _previousOdds = logOdds;
        _previousStrength = _strength[at];
        _previousMatch = _features.Match;
    }

    /// <summary>
    /// The candidate last described becomes the last beat, of the <paramref name="usual"/> shape or another, in place of the one before
    /// where it <paramref name="replaces"/> it. The rhythm has not learnt it yet.
    /// </summary>
    public void Accepted(bool usual, bool replaces)
    {
        _acceptedOdds = _previousOdds;
        _acceptedStrength = Log(_previousStrength / _rhythm.Level, 3);
        _acceptedMatch = _features.Usual;
        for (var l = 0; l < _leads.Length; l++)
            if (_weights[l] > 0)
                _slow[l].Learn(usual);
        if (!replaces && _rhythm.Count > 0)
            _postQrs.Learn(_rhythm.Last, _previousAt);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _ambiguity = _acceptedOdds = _acceptedStrength = _acceptedMatch = _previousOdds = _previousStrength = _previousMatch = 0;
        _postQrs.Clear();
        foreach (var slow in _slow)
            slow.Clear();
        _previousAt = long.MinValue / 2;
    }

    /// <summary>What is described to the next candidate of those before it.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _ambiguity);
        state.Value(ref _acceptedOdds);
        state.Value(ref _previousOdds);
        state.Value(ref _previousStrength);
        state.Value(ref _previousMatch);
        state.Within(ref _previousAt, long.MinValue / 2);
        if (state.Version < WithSlowShapes)
            return;
        state.Value(ref _acceptedStrength);
        state.Value(ref _acceptedMatch);
        _postQrs.Transfer(state);
        foreach (var slow in _slow)
            slow.Transfer(state);
    }

    private void DescribeOverall(long at, float strength, Span<float> x)
    {
        var f = _features;
        var since = Math.Min(_rhythm.SecondsSince(at), 2);
        var phase = Math.Min(since / _rhythm.Interval, 3);
        var sincePrevious = Math.Min(2, (at - _previousAt) / (float)_timing.RateHz);
        x[0] = Log(strength, 3);
        x[1] = Log(strength / _rhythm.Level, 3);
        x[2] = since;
        x[3] = phase;
        x[4] = _rhythm.Interval;
        x[5] = Math.Min(Math.Abs(phase - 1), 1);
        x[6] = f.Width;
        x[7] = Math.Clamp(_acceptedOdds, -6, 6);
        x[8] = CountLeads() > 1 ? 1 : 0;
        x[9] = Expected(at, strength);
        x[10] = f.Busy;
        x[11] = f.Steepness;
        x[12] = f.Flatter;
        x[13] = f.Before;
        x[14] = f.After;
        x[15] = f.Later;
        x[16] = f.Usual;
        x[17] = f.Match;
        x[18] = 1f / (1 + _rhythm.Count);
        x[19] = Math.Max(0, 1 - phase);
        x[20] = Math.Clamp(f.Rule, -1, 0.5f);
        x[21] = sincePrevious;
        x[22] = _previousStrength > 0 && sincePrevious < 2 ? Log(_previousStrength / strength, 3) : 0;
        x[23] = sincePrevious < 2 ? _previousMatch : 0;
        x[24] = sincePrevious < 2 ? Math.Clamp(_previousOdds, -6, 6) : 0;
        x[28] = _ambiguity;
        x[29] = f.Clarity;
        x[30] = _postQrs.Against(strength, since);
        x[31] = Math.Min(_rhythm.LastInterval, 3);
        x[32] = Math.Min(_rhythm.Unevenness, 2);
        x[33] = _acceptedMatch;
        x[34] = _acceptedStrength;
    }

    /// <summary>
    /// Of the strongest candidate that follows near enough to be compared with the templates: when, how strong, how much more alike.
    /// </summary>
    private void DescribeNext(long at, float strength, ReadOnlySpan<long> next, Span<float> x)
    {
        var reach = at + _timing.LookAhead - _timing.Of(46 / 360.0);
        var best = -1L;
        foreach (var candidate in next)
            if (candidate <= reach && (best < 0 || _strength[candidate] > _strength[best]))
                best = candidate;
        if (best < 0)
        {
            x[0] = 0.6f;
            x[1] = -3;
            x[2] = 0;
            return;
        }
        float usual = 0;
        for (var l = 0; l < _leads.Length; l++)
            if (_weights[l] > 0)
                usual += _weights[l] * _shapes[l].Likeness(_leads[l], best);
        x[0] = (best - at) / (float)_timing.RateHz;
        x[1] = Log(_strength[best] / strength, 3);
        x[2] = usual - _features.Usual;
    }

    /// <summary>How strong the signal is one interval later, against the candidate; −1 where that is not known yet.</summary>
    private float Expected(long at, float strength)
    {
        var margin = _timing.Of(0.1);
        var interval = _timing.Of(_rhythm.Interval);
        var end = at + _timing.LookAhead;
        var from = at + Math.Max(_timing.Of(30 / 360.0), interval - margin);
        if (at + interval - _timing.Of(0.05) > end)
            return -1;
        return Math.Min(3, _strength.Largest(from, Math.Min(end, at + interval + margin)) / strength);
    }

    private void DescribeAround(long at, float strength, Span<float> x)
    {
        var (left, right) = (_timing.Of(8 / 360.0), _timing.Of(9 / 360.0));
        var inverse = 1 / strength;
        for (var k = 0; k < Around; k++)
        {
            var centre = at + _timing.Lag(k - FirstLag);
            var largest = _strength.Largest(centre - left, Math.Min(centre + right, at + _timing.LookAhead));
            x[k] = Math.Min(3, largest * inverse);
        }
    }

    private void DescribeLead(int lead, long at, Span<float> x)
    {
        if (lead < 0)
        {
            x.Clear();
            return;
        }
        var shape = _shapes[lead];
        var wave = shape.Seen;
        var size = TensorPrimitives.MaxMagnitude(wave);   // with its sign
        var slow = _slow[lead];
        x[0] = shape.Level > 0 ? Log(shape.Peak / shape.Level, 3) : 0;
        x[1] = _leads[lead].Clarity;
        x[2] = shape.UsualMatch;
        x[3] = shape.OtherMatch;
        x[4] = shape.PreviousMatch;
        x[5] = _leads[lead].BeatLevel > 0 ? Math.Min(5, shape.Peak / _leads[lead].BeatLevel) : 0;
        x[6] = _weights[lead];
        x[7] = Log((Math.Abs(size) + 1e-12f) / (slow.Size + 1e-12f), 4);
        x[8] = slow.UsualMatch;
        x[9] = slow.AgainstBeats;
        x[10] = _leads[lead].LogLocalRms(at - _rmsTo, at - _rmsFrom);
        x[11] = _leads[lead].LogLocalRms(at + _rmsFrom, at + _rmsTo);
        Scale(wave, size, x.Slice(Likenesses, QrsShape.Points));
        Scale(slow.Seen, size < 0 ? -slow.Size : slow.Size, x.Slice(Likenesses + QrsShape.Points, QrsSlowShape.Points));
    }

    private static void Scale(ReadOnlySpan<float> values, float by, Span<float> scaled)
    {
        if (by == 0)
            scaled.Clear();
        else
            TensorPrimitives.Multiply(values, 1 / by, scaled);
    }

    private int CountLeads()
    {
        var count = 0;
        foreach (var weight in _weights)
            count += weight > 0 ? 1 : 0;
        return count;
    }

    /// <summary>The two leads of the greatest weight; −1 where there is none.</summary>
    private (int First, int Second) Clearest()
    {
        int first = -1, second = -1;
        for (var l = 0; l < _weights.Length; l++)
        {
            if (_weights[l] <= 0)
                continue;
            if (first < 0 || _weights[l] > _weights[first])
                (first, second) = (l, first);
            else if (second < 0 || _weights[l] > _weights[second])
                second = l;
        }
        return (first, second);
    }

    private static float Log(float ratio, float limit) => Math.Clamp(MathF.Log(ratio), -limit, limit);
}
