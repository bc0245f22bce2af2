using System.Runtime.CompilerServices;
using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// One lead of the QRS detector: smoothing, band-pass (about 7 to 27 Hz) and RMS envelope, all from centred means and hence of linear
/// phase, and the levels of its beats and of its noise. Missing samples hold the last value; after a longer hole the signal goes on from
/// there, so that its return is no step. The level of the beats does not fall with the pauses between them (<see cref="BeatLevel"/>), and
/// a lead that does not show the beats that the others show loses its weight (<see cref="Judge"/>).
/// </summary>
internal sealed class QrsLead
{
    /// <summary>Most samples that are taken at once.</summary>
    public const int MostAhead = 64;

    private const float Clamp = 1e9f;
    private const float KeptShare = 0.6f;       // of the accepted beats' envelope, below which the level does not fall at once
    private const float KeptDecay = 0.9576f;    // in half a second: half of it after 8 s without a beat
    private const float MostStand = 15;         // beats over noise: beyond it a lead is no better
    private const float BeatRate = 1 / 8f;
    private const float TrustRate = 1 / 8f;
    private const float LeastTrust = 0.05f;
    private readonly QrsTiming _timing;
    private readonly float _least;
    private readonly PeakLevels _levels;
    private readonly int _maxHole;
    private SampleHistory _samples, _wave;
    private CentredMean _smooth1, _smooth2, _high1, _high2, _mean;
    private int _missing, _missingInBlock;
    private float _offset, _last, _weight;
    private float _beat, _kept, _trust = 1;
    private bool _hasBeat;      // in this half second
    private bool _started;

    /// <param name="timing">The lengths.</param>
    /// <param name="least">Smallest envelope of a beat in the unit of the samples; 0 where the unit is not known.</param>
    public QrsLead(QrsTiming timing, float least)
    {
        _timing = timing;
        _least = least;
        _samples = new SampleHistory(timing.Reach, MostAhead);
        _wave = new SampleHistory(timing.Reach, MostAhead);
        _levels = new PeakLevels(timing.Block, timing.Hold);
        _smooth1 = new CentredMean(timing.FirstSmoothing);
        _smooth2 = new CentredMean(timing.SecondSmoothing);
        _high1 = new CentredMean(timing.HighPass);
        _high2 = new CentredMean(timing.HighPass);
        _mean = new CentredMean(timing.Envelope);
        _maxHole = timing.Of(0.05);
    }

    /// <summary>
    /// Envelope of a typical beat; 0 when there is none: the median of the last maxima, and in a pause at least a part of what the accepted
    /// beats had, which halves every 8 s.
    /// </summary>
    public float BeatLevel => Math.Max(_levels.Peak, _kept);

    /// <summary>The median of the last maxima alone.</summary>
    public float PeakLevel => _levels.Peak;

    /// <summary>How far the beats stand out; not normalised over the leads. 0 when the lead is silent or missing.</summary>
    public float Weight => _weight;

    /// <summary>Logarithm of the beats' over the noise's level; 0 when the lead is silent.</summary>
    public float Clarity => _levels.Peak <= 0 ? 0 : MathF.Log(BeatLevel / _levels.Floor);

    /// <summary>Number of samples since the start.</summary>
    public long SampleCount => _samples.Count;

    /// <summary>
    /// The samples from <paramref name="first"/> on, their offset at the start taken away; those before the start are 0, those not there
    /// yet equal the last one.
    /// </summary>
    public void CopySamples(long first, Span<float> samples) => _samples.CopyTo(samples, first);

    /// <summary>The band-passed wave centred on sample <paramref name="index"/>; 0 where it is not there yet.</summary>
    public float Wave(long index) => _wave[index + _timing.WaveDelay];

    /// <summary>
    /// Logarithm of the local RMS of the band-passed wave on [<paramref name="from"/>, <paramref name="to"/>], from every third sample,
    /// over the beats' level: −4.6 (a hundredth) to 2; 0 without a level.
    /// </summary>
    public float LogLocalRms(long from, long to)
    {
        float sum = 0;
        var count = 0;
        for (var i = from; i <= to; i += 3)
        {
            var wave = Wave(i);
            sum += wave * wave;
            count++;
        }
        return BeatLevel > 0 ? Math.Min(MathF.Log(sum / (count * BeatLevel * BeatLevel) + 1e-4f) / 2, 2) : 0;
    }

    /// <summary>Envelopes kept by <see cref="Hold"/>.</summary>
    public int HeldCount => _levels.HeldCount;

    /// <summary>The envelopes kept by <see cref="Hold"/>, until <see cref="EndHold"/>.</summary>
    public ReadOnlySpan<float> Held => _levels.Held;

    /// <summary>
    /// Takes at most <see cref="MostAhead"/> samples, of which NaN and infinities are missing, and gives their
    /// <paramref name="envelopes"/>. Returns the missing ones as bits. No sample is visible before <see cref="Reveal"/>.
    /// </summary>
    public ulong TakeAhead(ReadOnlySpan<float> samples, Span<float> envelopes)
    {
        var missing = 0UL;
        for (var i = 0; i < samples.Length; i++)
        {
            envelopes[i] = Bridge(samples[i], out var isMissing);
            missing |= isMissing ? 1UL << i : 0;
        }
        _samples.WriteAhead(envelopes);
        _smooth1.Smooth(envelopes);
        _smooth2.Smooth(envelopes);
        _high1.HighPass(envelopes);
        _high2.HighPass(envelopes);
        _wave.WriteAhead(envelopes);
        foreach (ref var value in envelopes)
            value *= value;
        _mean.Smooth(envelopes);
        foreach (ref var value in envelopes)
            value = MathF.Sqrt(Math.Max(0, value));
        return missing;
    }

    /// <summary>The next <paramref name="count"/> samples are there, of which <paramref name="missing"/> are missing.</summary>
    public void Reveal(int count, int missing)
    {
        _missingInBlock += missing;
        _samples.Reveal(count);
        _wave.Reveal(count);
    }

    /// <summary>Keeps an envelope sample of the start; true when enough are kept, and the first levels then stand.</summary>
    public bool Hold(float envelope)
    {
        var full = _levels.Hold(envelope);
        if (full)
            SetWeight(present: true);
        return full;
    }

    /// <summary>Forgets the envelopes of the start.</summary>
    public void EndHold() => _levels.EndHold();

    /// <summary>
    /// A beat was accepted whose envelope on this lead is about <paramref name="envelope"/>: the level knows it from the next half second
    /// on.
    /// </summary>
    public void LearnBeat(float envelope)
    {
        _beat = _beat <= 0 ? envelope : _beat + BeatRate * (Math.Min(envelope, 2 * _beat) - _beat);
        _hasBeat = true;
    }

    /// <summary>
    /// How well this lead showed a candidate that was decided, 0 to 1: as a running mean, it is a factor of the weight from the next half
    /// second on.
    /// </summary>
    public void Judge(float shown) => _trust += TrustRate * (shown - _trust);

    /// <summary>Takes envelope samples into the levels, none beyond the end of a half second; at that end the levels change.</summary>
    public void Learn(ReadOnlySpan<float> envelopes)
    {
        if (!_levels.Learn(envelopes))
            return;
        var present = 2 * _missingInBlock < _timing.Block;
        _levels.EndBlock(present);
        _kept = _hasBeat ? KeptShare * _beat : KeptDecay * _kept;
        _hasBeat = false;
        SetWeight(present);
        _missingInBlock = 0;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _smooth1.Clear();
        _smooth2.Clear();
        _high1.Clear();
        _high2.Clear();
        _mean.Clear();
        _levels.Clear();
        _samples.Clear();
        _wave.Clear();
        _missing = _missingInBlock = 0;
        _offset = _last = _weight = _beat = _kept = 0;
        _trust = 1;
        _started = _hasBeat = false;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _samples.Transfer(state);
        _wave.TransferBeside(state, _samples);
        _levels.Transfer(state);
        _smooth1.Transfer(state);
        _smooth2.Transfer(state);
        _high1.Transfer(state);
        _high2.Transfer(state);
        _mean.Transfer(state);
        state.Value(ref _missing);
        state.Value(ref _missingInBlock);
        state.Value(ref _offset);
        state.Value(ref _last);
        state.Value(ref _weight);
        state.Value(ref _started);
        if (state.Version < EcgStage.WithTrust)
            return;
        state.Value(ref _beat);
        state.Value(ref _kept);
        state.Value(ref _trust);
        state.Value(ref _hasBeat);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Bridge(float sample, out bool missing)
    {
        missing = !float.IsFinite(sample);
        if (missing)
        {
            _missing++;
            return _last;
        }
        if (!_started || _missing > _maxHole)
            _offset = sample - _last;
        _started = true;
        _missing = 0;
        return _last = Math.Clamp(sample - _offset, -Clamp, Clamp);
    }

    private void SetWeight(bool present)
    {
        if (!present || BeatLevel <= _least)
        {
            _weight = 0;
            return;
        }
        var stand = Math.Clamp(BeatLevel / _levels.Floor - 1, 0.05f, MostStand);
        _weight = stand * MathF.Sqrt(stand) * Math.Max(_trust, LeastTrust);
    }
}
