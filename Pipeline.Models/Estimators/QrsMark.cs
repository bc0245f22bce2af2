namespace Pipeline.Models.Estimators;

/// <summary>
/// Finds the R peak near a candidate on one lead: the first, or the clearest one where the first has been poor for a while. Of the highest and the lowest
/// point (a quarter of a second's mean taken away) the high one is taken where it has a good part of the other's size, more readily where
/// the last beats had it so; then the extremum of the samples themselves.
/// </summary>
internal sealed class QrsMark
{
    private const float LeastShare = 0.2f;
    private const float ShareRate = 1 / 32f;
    private const float Readily = 0.6f;
    private const float Unreadily = 0.95f;
    private readonly QrsTiming _timing;
    private readonly int _smoothHalf;
    private readonly int _slowHalf;
    private readonly int _snap;
    private readonly float[] _smooth;
    private bool _positive = true;
    private bool _onFirst = true;
    private float _share = 1;

    public QrsMark(QrsTiming timing)
    {
        _timing = timing;
        _smoothHalf = (timing.FirstSmoothing - 1) / 2;
        _slowHalf = (timing.MarkBaseline - 1) / 2;
        _snap = timing.Of(4 / 360.0);
        _smooth = new float[2 * (timing.MarkHalf + _slowHalf) + 1];
    }

    /// <summary>The sample of the R peak of the beat whose strength peaks at <paramref name="at"/>; lead and polarity follow it.</summary>
    public long Find(QrsLead[] leads, float[] weights, long at)
    {
        var lead = Choose(leads, weights);
        Smooth(lead, at - _timing.MarkHalf - _slowHalf);
        var (high, low, highAt, lowAt) = Extremes();
        _positive = high >= -low * (_positive ? Readily : Unreadily);
        var rough = at - _timing.MarkHalf + (_positive ? highAt : lowAt);
        var best = rough;
        for (var i = rough - _snap; i <= rough + _snap; i++)
            if (_positive ? lead.Sample(i) > lead.Sample(best) : lead.Sample(i) < lead.Sample(best))
                best = i;
        return best;
    }

    /// <summary>The same, but lead and polarity stay.</summary>
    public long Peek(QrsLead[] leads, float[] weights, long at)
    {
        var kept = (_positive, _onFirst, _share);
        var mark = Find(leads, weights, at);
        (_positive, _onFirst, _share) = kept;
        return mark;
    }

    /// <summary>Forgets lead and polarity.</summary>
    public void Clear()
    {
        _positive = _onFirst = true;
        _share = 1;
    }

    private QrsLead Choose(QrsLead[] leads, float[] weights)
    {
        _share += ShareRate * (weights[0] - _share);
        _onFirst = _share >= (_onFirst ? LeastShare : 2 * LeastShare);
        if (_onFirst && weights[0] > 0)
            return leads[0];
        var best = 0;
        for (var l = 1; l < leads.Length; l++)
            if (weights[l] > weights[best])
                best = l;
        return leads[best];
    }

    private void Smooth(QrsLead lead, long first)
    {
        var inverse = 1.0 / (2 * _smoothHalf + 1);
        double sum = 0;
        for (var i = -_smoothHalf; i < _smoothHalf; i++)
            sum += lead.Sample(first + i);
        for (var i = 0; i < _smooth.Length; i++)
        {
            sum += lead.Sample(first + i + _smoothHalf);
            _smooth[i] = (float)(sum * inverse);
            sum -= lead.Sample(first + i - _smoothHalf);
        }
    }

    private (float High, float Low, int HighAt, int LowAt) Extremes()
    {
        float high = float.NegativeInfinity, low = float.PositiveInfinity;
        int highAt = 0, lowAt = 0;
        double sum = 0;
        for (var i = 0; i < 2 * _slowHalf; i++)
            sum += _smooth[i];
        var inverse = 1.0 / (2 * _slowHalf + 1);
        for (var i = 0; i <= 2 * _timing.MarkHalf; i++)
        {
            sum += _smooth[i + 2 * _slowHalf];
            var value = _smooth[i + _slowHalf] - (float)(sum * inverse);
            sum -= _smooth[i];
            if (value > high)
                (high, highAt) = (value, i);
            if (value < low)
                (low, lowAt) = (value, i);
        }
        return (high, low, highAt, lowAt);
    }
}
