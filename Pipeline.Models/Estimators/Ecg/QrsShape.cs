using System.Numerics.Tensors;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What the beats of one lead look like: the running mean of the usual beat, a second mean of those that are not like it (paced,
/// ventricular), and the last beat. Each is the band-passed wave at 21 points over ±140 ms.
/// </summary>
internal sealed class QrsShape
{
    /// <summary>Points of a template.</summary>
    public const int Points = 21;

    private const int Shifts = 2;
    private const int EnvelopeHalf = 3;

    /// <summary>Points that are seen, so that a template may be shifted.</summary>
    public const int Taken = Points + 2 * Shifts;
    private const float OtherBeat = 0.7f;
    private readonly QrsTiming _timing;
    private readonly float[] _usual = new float[Points];
    private readonly float[] _other = new float[Points];
    private readonly float[] _previous = new float[Points];
    private readonly float[] _now = new float[Taken];
    private int _usualCount, _otherCount, _count;
    private float _level;

    public QrsShape(QrsTiming timing) => _timing = timing;

    /// <summary>Correlation of the wave last seen with the usual beat, best of a few shifts; −1 to 1, 0 without a template.</summary>
    public float UsualMatch { get; private set; }

    /// <summary>The same with the other kind of beat.</summary>
    public float OtherMatch { get; private set; }

    /// <summary>The same with the last beat.</summary>
    public float PreviousMatch { get; private set; }

    /// <summary>Largest absolute wave of what was last seen.</summary>
    public float Peak { get; private set; }

    /// <summary>Best of the three likenesses, −1 to 1.</summary>
    public float BestMatch => Math.Max(UsualMatch, Math.Max(OtherMatch, PreviousMatch));

    /// <summary>RMS of what was last seen, within ±42 ms of the middle: about its envelope.</summary>
    public float Envelope
    {
        get
        {
            var middle = _now.AsSpan(Taken / 2 - EnvelopeHalf, 2 * EnvelopeHalf + 1);
            return MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(middle) / middle.Length);
        }
    }

    /// <summary>Running mean of <see cref="Peak"/> of the beats; 0 before the first.</summary>
    public float Level => _level;

    /// <summary>What was last seen.</summary>
    public ReadOnlySpan<float> Seen => _now.AsSpan(Shifts, Points);

    /// <summary>Takes the wave around <paramref name="index"/> and compares it.</summary>
    public void See(QrsLead lead, long index)
    {
        var peak = 0f;
        var lags = _timing.ShapeLags;
        for (var i = 0; i < Taken; i++)
        {
            var value = lead.Wave(index + lags[i]);
            _now[i] = value;
            peak = Math.Max(peak, Math.Abs(value));
        }
        Peak = peak;
        Span<float> energies = stackalloc float[2 * Shifts + 1];
        for (var shift = 0; shift < energies.Length; shift++)
            energies[shift] = TensorPrimitives.SumOfSquares(_now.AsSpan(shift, Points));
        UsualMatch = Match(_usual, energies);
        OtherMatch = Match(_other, energies);
        PreviousMatch = Match(_previous, energies);
    }

    /// <summary>
    /// Likeness of the wave around <paramref name="index"/> to the usual beat, as <see cref="UsualMatch"/>; what was last seen stays.
    /// </summary>
    public float Likeness(QrsLead lead, long index)
    {
        Span<float> wave = stackalloc float[Taken];
        var lags = _timing.ShapeLags;
        for (var i = 0; i < Taken; i++)
            wave[i] = lead.Wave(index + lags[i]);
        var energy = TensorPrimitives.SumOfSquares<float>(_usual);
        if (energy <= 0)
            return 0;
        var best = -1f;
        for (var shift = 0; shift <= 2 * Shifts; shift++)
        {
            var part = wave.Slice(shift, Points);
            var own = TensorPrimitives.SumOfSquares<float>(part);
            if (own > 0)
                best = Math.Max(best, TensorPrimitives.Dot<float>(part, _usual) / MathF.Sqrt(own * energy));
        }
        return best;
    }

    /// <summary>Learns what was last seen as a beat, the usual kind or (<paramref name="usual"/> false) the other.</summary>
    public void Learn(bool usual)
    {
        var now = _now.AsSpan(Shifts, Points);
        if (usual)
            Approach(_usual, now, Math.Max(1f / ++_usualCount, 1 / 8f));
        else
            Approach(_other, now, ++_otherCount <= 4 ? 0.5f : 0.2f);
        now.CopyTo(_previous);
        _level += Math.Max(1f / ++_count, 1 / 8f) * (Peak - _level);
    }

    /// <summary>All that changes and outlives a decision: what was last seen is seen again before it is learnt.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_usual);
        state.Values<float>(_other);
        state.Values<float>(_previous);
        state.Within(ref _usualCount, 0, int.MaxValue - 1);
        state.Within(ref _otherCount, 0, int.MaxValue - 1);
        state.Within(ref _count, 0, int.MaxValue - 1);
        state.Value(ref _level);
    }

    /// <summary>Whether a beat with this best match is of the other kind.</summary>
    public static bool IsOther(float match) => match < OtherBeat;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_usual);
        Array.Clear(_other);
        Array.Clear(_previous);
        _usualCount = _otherCount = _count = 0;
        _level = 0;
    }

    private static void Approach(Span<float> template, ReadOnlySpan<float> now, float rate)
    {
        for (var i = 0; i < Points; i++)
            template[i] += rate * (now[i] - template[i]);
    }

    private float Match(ReadOnlySpan<float> template, ReadOnlySpan<float> energies)
    {
        var energy = TensorPrimitives.SumOfSquares(template);
        if (energy <= 0)
            return 0;
        var best = -1f;
        for (var shift = 0; shift < energies.Length; shift++)
            if (energies[shift] > 0)
                best = Math.Max(best, TensorPrimitives.Dot(_now.AsSpan(shift, Points), template) / MathF.Sqrt(energies[shift] * energy));
        return best;
    }
}
