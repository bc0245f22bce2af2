using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Covariance of the leads of a residual at the lags of the spatial-temporal filter, block-Toeplitz, with 2 % of its mean diagonal added,
/// and its factor. Element l x leads + c of a vector is lead c at lag l. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class LagCovariance
{
    /// <summary>Lags of the filter: −40 to 40 ms.</summary>
    public const int Lags = 11;

    /// <summary>Samples from one lag to the next: 8 ms.</summary>
    public const int Step = 2;

    /// <summary>Samples from the middle to the outermost lag.</summary>
    public const int Reach = Lags / 2 * Step;

    /// <summary>Most taps of a filter.</summary>
    public const int MostTaps = Lags * FetalTiming.MostLeads;

    private const double Regularization = 0.02;

    private readonly double[] _matrix = new double[MostTaps * MostTaps], _factor = new double[MostTaps * MostTaps];
    private readonly double[] _side = new double[MostTaps];
    private int _order;

    /// <summary>Takes the signals of a window.</summary>
    public void Take(SignalRows signals)
    {
        var leads = signals.Count;
        _order = Lags * leads;
        for (var d = 0; d < Lags; d++)
            for (var a = 0; a < leads; a++)
                for (var b = 0; b < leads; b++)
                {
                    var shift = d * Step;
                    var value = TensorPrimitives.Dot<float>(signals[a][..(signals.Length - shift)], signals[b][shift..]) / signals.Length;
                    for (var l = 0; l + d < Lags; l++)
                    {
                        var (row, column) = (l * leads + a, (l + d) * leads + b);
                        _matrix[row * _order + column] = _matrix[column * _order + row] = value;
                    }
                }
        var trace = 0.0;
        for (var i = 0; i < _order; i++)
            trace += _matrix[i * _order + i];
        for (var i = 0; i < _order; i++)
            _matrix[i * _order + i] += Regularization * trace / _order + 1e-12;
        _matrix.AsSpan(0, _order * _order).CopyTo(_factor);
        Cholesky.Factor(_factor.AsSpan(0, _order * _order), _order);
    }

    /// <summary>The filter of greatest signal-to-noise ratio for the wave <paramref name="wave"/>: R⁻¹ wave, with variance 1 of its
    /// output.</summary>
    /// <param name="wave">Lead by lead at each lag, Lags x leads.</param>
    /// <param name="filter">Gets the taps, in the same order.</param>
    public void Solve(ReadOnlySpan<float> wave, Span<float> filter)
    {
        var side = _side.AsSpan(0, _order);
        for (var i = 0; i < _order; i++)
            side[i] = wave[i];
        Cholesky.Solve(_factor.AsSpan(0, _order * _order), side);
        // wᵀ R w = wᵀ wave.
        var variance = 0.0;
        for (var i = 0; i < _order; i++)
            variance += side[i] * wave[i];
        var scale = 1 / (Math.Sqrt(Math.Max(variance, 0)) + 1e-12);
        for (var i = 0; i < _order; i++)
            filter[i] = (float)(side[i] * scale);
    }

    /// <summary>The median wave of the residual at <paramref name="beats"/>; false where fewer than four of them lie wholly in the
    /// window.</summary>
    /// <param name="signals">The residual.</param>
    /// <param name="beats">Beats.</param>
    /// <param name="sort">To work with.</param>
    /// <param name="wave">Gets the wave.</param>
    /// <param name="count">How many beats it is of.</param>
    public static bool TryMedianWave(SignalRows signals, ReadOnlySpan<int> beats, ColumnSort sort, Span<float> wave, out int count)
    {
        sort.Begin(wave.Length);
        foreach (var at in beats)
            if (IsInside(at, signals.Length))
            {
                var row = sort.Add();
                for (var c = 0; c < signals.Count; c++)
                {
                    var around = signals[c].Slice(at - Reach, 2 * Reach + 1);
                    for (var l = 0; l < Lags; l++)
                        row[l * signals.Count + c] = around[l * Step];
                }
            }
        count = sort.Count;
        if (count < 4)
            return false;
        sort.Medians(wave);
        return true;
    }

    /// <summary>The output of <paramref name="filter"/>; outside the window the signals are 0.</summary>
    public static void Apply(SignalRows signals, ReadOnlySpan<float> filter, Span<float> output)
    {
        output.Clear();
        for (var l = 0; l < Lags; l++)
        {
            var shift = (l - Lags / 2) * Step;
            var (from, to) = (Math.Max(0, -shift), Math.Min(output.Length, output.Length - shift));
            for (var c = 0; c < signals.Count; c++)
                TensorPrimitives.MultiplyAdd(signals[c][(from + shift)..(to + shift)], filter[l * signals.Count + c], output[from..to], output[from..to]);
        }
    }

    private static bool IsInside(int at, int length) => at >= Reach && at < length - Reach;
}
