using System.Numerics.Tensors;
using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Finds the R peak near a candidate on one lead: the first, or the clearest one where the first has been poor for a while. Of the highest
/// and the lowest point (a quarter of a second's mean taken away) the high one is taken where it has a good part of the other's size, with
/// hysteresis from beat to beat: a mark that jumped between R and S would ruin the intervals. The mark is the centre of gravity of what
/// rises above a part of that peak: of a peak it is the top, of a notched or skewed one the middle, and it lies between samples.
/// </summary>
internal sealed class QrsMark
{
    private const float LeastShare = 0.2f;
    private const float ShareRate = 1 / 32f;
    private const float StayPositive = 0.6f;     // least size of the high point over the low one's
    private const float BecomePositive = 0.95f;
    private const float Foot = 0.55f;
    private readonly QrsTiming _timing;
    private readonly int _smoothHalf;
    private readonly int _slowHalf;
    private readonly int _reach;
    private bool _positive = true;
    private bool _onFirst = true;
    private float _share = 1;

    public QrsMark(QrsTiming timing)
    {
        _timing = timing;
        _smoothHalf = (timing.FirstSmoothing - 1) / 2;
        _slowHalf = (timing.MarkBaseline - 1) / 2;
        _reach = timing.Of(20 / 360.0);
    }

    /// <summary>The R peak, in samples, of the beat whose strength peaks at <paramref name="at"/>; lead and polarity follow it.</summary>
    public double Find(QrsLead[] leads, float[] weights, long at)
    {
        var lead = Choose(leads, weights);
        var first = at - _timing.MarkHalf - _reach;
        Span<float> wave = stackalloc float[2 * (_timing.MarkHalf + _reach) + 1];
        Cut(lead, first, wave);
        var searched = wave.Slice(_reach, 2 * _timing.MarkHalf + 1);
        var (highAt, lowAt) = (TensorPrimitives.IndexOfMax<float>(searched), TensorPrimitives.IndexOfMin<float>(searched));
        _positive = searched[highAt] >= -searched[lowAt] * (_positive ? StayPositive : BecomePositive);
        return first + Centre(wave, _reach + (_positive ? highAt : lowAt), _positive ? 1 : -1);
    }

    /// <summary>The same, but lead and polarity stay.</summary>
    public double Peek(QrsLead[] leads, float[] weights, long at)
    {
        var kept = (_positive, _onFirst, _share);
        var mark = Find(leads, weights, at);
        (_positive, _onFirst, _share) = kept;
        return mark;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _positive);
        state.Value(ref _onFirst);
        state.Value(ref _share);
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

    /// <summary>The lead from sample <paramref name="first"/> on, smoothed, a quarter of a second's mean taken away.</summary>
    private void Cut(QrsLead lead, long first, Span<float> wave)
    {
        Span<float> smooth = stackalloc float[wave.Length + 2 * _slowHalf];
        Span<float> samples = stackalloc float[smooth.Length + 2 * _smoothHalf];
        Span<double> sums = stackalloc double[samples.Length + 1];
        lead.CopySamples(first - _slowHalf - _smoothHalf, samples);
        RunningSums.Means(samples, _smoothHalf, smooth, sums);
        RunningSums.Means(smooth, _slowHalf, wave, sums);
        TensorPrimitives.Subtract(smooth.Slice(_slowHalf, wave.Length), wave, wave);
    }

    /// <summary>
    /// Centre of gravity of what the peak at <paramref name="top"/> has above <see cref="Foot"/> of its height, at most the reach to either
    /// side.
    /// </summary>
    private double Centre(ReadOnlySpan<float> wave, int top, int sign)
    {
        var foot = Foot * sign * wave[top];
        double weight = 0, moment = 0;
        for (var step = -1; step <= 1; step += 2)
            for (var i = step < 0 ? top : top + 1; Math.Abs(i - top) <= _reach && sign * wave[i] > foot; i += step)
            {
                weight += sign * wave[i] - foot;
                moment += (sign * wave[i] - foot) * (i - top);
            }
        return weight > 0 ? top + moment / weight : top;
    }
}
