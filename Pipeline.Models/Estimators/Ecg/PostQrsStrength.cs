using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// How strong the signal usually is in the post-QRS window, at each time from 0.18 to 0.66 s after a beat: a T wave recurs at the same
/// place, an early beat does not. Running means of the beat strength over the beats, up to 0.12 s before the next one.
/// </summary>
internal sealed class PostQrsStrength(QrsTiming timing, QrsStrength strength)
{
    private const int Points = 17;
    private const double First = 0.18, Step = 0.03, Margin = 0.12;
    private const float Least = 0.02f;
    private readonly float[] _mean = new float[Points];
    private readonly int[] _counts = new int[Points];

    /// <summary>
    /// Logarithm, ±3, of the strength <paramref name="value"/>, <paramref name="since"/> seconds after a beat, over the usual one there; 0
    /// where none is known.
    /// </summary>
    public float Against(float value, float since)
    {
        var place = (since - First) / Step;
        if (place is < -0.5 or >= Points - 0.5)
            return 0;
        var point = (int)Math.Round(place);
        return _counts[point] == 0 ? 0 : Math.Clamp(MathF.Log((value + Least) / (_mean[point] + Least)), -3, 3);
    }

    /// <summary>A beat at <paramref name="at"/> ends the interval that began at <paramref name="last"/>.</summary>
    public void Learn(long last, long at)
    {
        var half = timing.Of(Step / 2);
        for (var k = 0; k < Points; k++)
        {
            var centre = last + timing.Of(First + k * Step);
            if (centre + timing.Of(Margin) > at)
                break;
            if (centre - half < strength.Oldest)
                continue;   // after a pause
            var now = strength.Largest(centre - half, centre + half);
            _mean[k] += Math.Max(1f / ++_counts[k], 1 / 8f) * (now - _mean[k]);
        }
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_mean);
        foreach (ref var count in _counts.AsSpan())
            state.Within(ref count, 0, int.MaxValue - 1);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_mean);
        Array.Clear(_counts);
    }
}
