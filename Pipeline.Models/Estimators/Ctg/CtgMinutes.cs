using Pipeline.Models.Spectra;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>What is said of one minute of a trace, when no excursion that began in it is open any more.</summary>
/// <param name="Bandwidth">
/// Highest less lowest second outside of accelerations and decelerations, a twentieth of them at each end left out, beats per minute; NaN
/// with less than 30 such seconds.
/// </param>
/// <param name="ShortTerm">Short-term variation: mean difference of the pulse intervals of neighbouring epochs of 3.75 s outside of
/// decelerations, ms; NaN with less than 8 pairs.</param>
/// <param name="IsSinusoidal">Whether the two minutes up to its end are a smooth wave of 3 to 5 cycles a minute (1), or not (0).</param>
/// <param name="IsSeen">Whether half of it has a rate (1), or not (0).</param>
internal readonly record struct CtgMinute(float Bandwidth, float ShortTerm, int IsSinusoidal, int IsSeen);

/// <summary>The minutes of a trace: variability, short-term variation, sinusoidal pattern. The last hour is kept.</summary>
internal sealed class CtgMinutes
{
    /// <summary>Seconds in which a wave is looked for.</summary>
    public const int WaveSeconds = 128;

    private const int Kept = 64, LeastSeconds = 30, LeastPairs = 8, FirstWaveBin = 6, LastWaveBin = 11;
    private const int VariabilityMinutes = 10, LeastVariability = 3, ShortTermMinutes = 60, LeastShortTerm = 10;
    private const float LeastWavePart = 0.75f, LeastWave = 2, MostWave = 12;      // as an SD, beats per minute: sines of about 3 to 17

    private static readonly RealFft Fft = RealFft.Of(WaveSeconds);
    private static readonly float[] Taper = [.. Tapers.Hann(WaveSeconds).Select(w => (float)w)];

    private readonly CtgMinute[] _minutes = new CtgMinute[Kept];    // ring
    private long _count;
    private int _reduced, _increased, _sinusoidal;      // minutes in a row, those without a value passed over

    /// <summary>Minutes taken.</summary>
    public long Count => _count;

    /// <summary>Mean bandwidth of the last ten minutes, beats per minute; NaN where less than three of them have one.</summary>
    public float Variability => Mean(VariabilityMinutes, LeastVariability, minute => minute.Bandwidth);

    /// <summary>Mean short-term variation of the last hour, ms; NaN where less than ten minutes of it have one.</summary>
    public float ShortTerm => Mean(ShortTermMinutes, LeastShortTerm, minute => minute.ShortTerm);

    /// <summary>Minutes for which variability has been reduced; the ten of the first mean included.</summary>
    public int ReducedMinutes => _reduced == 0 ? 0 : _reduced + VariabilityMinutes - 1;

    /// <summary>Minutes for which it has been increased.</summary>
    public int IncreasedMinutes => _increased == 0 ? 0 : _increased + VariabilityMinutes - 1;

    /// <summary>Minutes for which the trace has been sinusoidal; the second one of the first finding included.</summary>
    public int SinusoidalMinutes => _sinusoidal == 0 ? 0 : _sinusoidal + 1;

    /// <summary>
    /// Takes the next minute of <paramref name="cells"/>; <paramref name="excursions"/> tell what lies in an acceleration (1) or
    /// deceleration (−1).
    /// </summary>
    public void Take(FhrCells cells, Func<long, int> excursions, CtgRules rules)
    {
        var first = _count * 60;
        Span<float> rates = stackalloc float[60];
        var (seen, used) = (0, 0);
        for (var cell = first; cell < first + 60; cell++)
        {
            if (cells[cell] is var rate && float.IsNaN(rate))
                continue;
            seen++;
            if (excursions(cell) != 0)
                continue;
            rates[used++] = rate;
        }
        rates[..used].Sort();
        var apart = used / 20;          // a twentieth at each end is no bandwidth that an eye sees
        _minutes[_count++ % Kept] = new CtgMinute(
            used >= LeastSeconds ? rates[used - 1 - apart] - rates[apart] : float.NaN, ShortTermOf(cells, excursions, first),
            IsSinusoidal(cells, first + 60) ? 1 : 0, seen >= LeastSeconds ? 1 : 0);
        CountOn(rules);
    }

    /// <summary>Minute <paramref name="number"/>, one of the last hour.</summary>
    public CtgMinute this[long number] => _minutes[number % Kept];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_minutes);
        (_count, _reduced, _increased, _sinusoidal) = (0, 0, 0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<CtgMinute>(_minutes);
        state.Count(ref _count);
        state.Within(ref _reduced, 0, int.MaxValue);
        state.Within(ref _increased, 0, int.MaxValue);
        state.Within(ref _sinusoidal, 0, int.MaxValue);
    }

    private void CountOn(CtgRules rules)
    {
        var minute = this[_count - 1];
        if (minute.IsSeen == 0)
            return;
        if (_count >= VariabilityMinutes && Variability is var variability && !float.IsNaN(variability))
        {
            _reduced = variability < rules.VariabilityLow ? _reduced + 1 : 0;
            _increased = variability > rules.VariabilityHigh ? _increased + 1 : 0;
        }
        _sinusoidal = minute.IsSinusoidal == 1 ? _sinusoidal + 1 : 0;
    }

    private float Mean(int minutes, int least, Func<CtgMinute, float> of)
    {
        var (sum, count) = (0.0, 0);
        for (var number = Math.Max(0, _count - minutes); number < _count; number++)
            if (of(this[number]) is var value && !float.IsNaN(value))
                (sum, count) = (sum + value, count + 1);
        return count < least ? float.NaN : (float)(sum / count);
    }

    private static float ShortTermOf(FhrCells cells, Func<long, int> excursions, long first)
    {
        const int Epochs = 16;
        var (sum, pairs, before) = (0f, 0, float.NaN);
        for (var epoch = first / 60 * Epochs; epoch < (first / 60 + 1) * Epochs; epoch++)
        {
            var now = Usable(cells, excursions, epoch);
            if (!float.IsNaN(now - before))
                (sum, pairs) = (sum + Math.Abs(now - before), pairs + 1);
            before = now;
        }
        return pairs < LeastPairs ? float.NaN : sum / pairs;
    }

    private static float Usable(FhrCells cells, Func<long, int> excursions, long epoch)
    {
        for (var cell = (long)(epoch * FhrCells.EpochSeconds); cell < (epoch + 1) * FhrCells.EpochSeconds; cell++)
            if (excursions(cell) < 0)
                return float.NaN;
        return cells.Epoch(epoch);
    }

    /// <summary>
    /// Whether most of the power of the 128 s before <paramref name="end"/> lies at 3 to 5 cycles a minute (2.8 to 5.2, the taper's width),
    /// with the amplitude of such a pattern.
    /// </summary>
    private static bool IsSinusoidal(FhrCells cells, long end)
    {
        if (end < WaveSeconds)
            return false;
        Span<float> wave = stackalloc float[WaveSeconds];
        var (sum, seen, held) = (0f, 0, float.NaN);
        for (var i = 0; i < WaveSeconds; i++)
        {
            var rate = cells[end - WaveSeconds + i];
            seen += float.IsNaN(rate) ? 0 : 1;
            held = float.IsNaN(rate) ? held : rate;
            wave[i] = held;
            sum += held;
        }
        if (10 * seen < 9 * WaveSeconds || float.IsNaN(sum))
            return false;
        Span<float> power = stackalloc float[WaveSeconds / 2 + 1];
        Fft.Power(wave, sum / WaveSeconds, Taper, power);
        var (band, all) = (0f, 0f);
        for (var bin = 1; bin < power.Length; bin++)
        {
            all += power[bin];
            band += bin is >= FirstWaveBin and <= LastWaveBin ? power[bin] : 0;
        }
        // Hann: the sum of its squares is 3/8 of the length; one side of the spectrum.
        var deviation = MathF.Sqrt(2 * band / (0.375f * WaveSeconds * WaveSeconds));
        return band >= LeastWavePart * all && deviation is >= LeastWave and <= MostWave;
    }
}
