using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Takes out of a PPG window what a short filter on each accelerometer axis can explain of it: least squares over
/// <see cref="LagCount"/> samples about the same moment (±0.16 s at 25 Hz), damped. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class PpgMotionFit
{
    /// <summary>Filter taps per axis, centred: sensor and optics react with delays of either sign.</summary>
    public const int LagCount = 9;

    /// <summary>Most axes.</summary>
    public const int MaxAxes = 3;

    // Ridge, as a part of the mean energy of a regressor: keeps the fit from explaining a pulse by chance.
    private const double Ridge = 0.01;
    private const int Reach = LagCount / 2;
    private const int MaxOrder = MaxAxes * LagCount;

    private readonly double[] _gram = new double[MaxOrder * MaxOrder];   // [order x order]; its lower half then holds the Cholesky factor
    private readonly double[] _weights = new double[MaxOrder];
    private int _order;
    private int _count;

    /// <summary>Takes the motion of a window, [axes x samples] without mean. False when nothing moves.</summary>
    public bool Prepare(ReadOnlySpan<float> motion, int axes)
    {
        _order = axes * LagCount;
        _count = axes == 0 ? 0 : motion.Length / axes;
        for (var a = 0; a < axes; a++)
            for (var b = 0; b <= a; b++)
                FillBlock(motion.Slice(a * _count, _count), motion.Slice(b * _count, _count), a * LagCount, b * LagCount);
        var trace = 0.0;
        for (var i = 0; i < _order; i++)
            trace += _gram[i * MaxOrder + i];
        if (!(trace > 0))
            return false;
        for (var i = 0; i < _order; i++)
            _gram[i * MaxOrder + i] += Ridge * trace / _order;
        Factor();
        return true;
    }

    /// <summary>Subtracts, in place, what the prepared motion explains of <paramref name="pulse"/>.</summary>
    public void Subtract(ReadOnlySpan<float> motion, Span<float> pulse)
    {
        for (var k = 0; k < _order; k++)
        {
            var axis = motion.Slice(k / LagCount * _count, _count);
            _weights[k] = LaggedDot(axis, k % LagCount - Reach, pulse, 0);
        }
        Solve();
        for (var k = 0; k < _order; k++)
        {
            var lag = k % LagCount - Reach;
            var axis = motion.Slice(k / LagCount * _count, _count);
            var from = lag >= 0 ? axis[..(_count - lag)] : axis[-lag..];
            var into = lag >= 0 ? pulse[lag..] : pulse[..(_count + lag)];
            TensorPrimitives.MultiplyAdd(from, (float)-_weights[k], into, into);
        }
    }

    /// <summary>Σ x(t − lagX)·y(t − lagY) over the window; outside of it both are 0.</summary>
    private double LaggedDot(ReadOnlySpan<float> x, int lagX, ReadOnlySpan<float> y, int lagY)
    {
        var first = Math.Max(0, Math.Max(lagX, lagY));
        var end = Math.Min(_count, Math.Min(_count + lagX, _count + lagY));
        return TensorPrimitives.Dot(x[(first - lagX)..(end - lagX)], y[(first - lagY)..(end - lagY)]);
    }

    /// <summary>
    /// Gram block of two axes. Only its first row and column are sums; along the diagonals both lags grow by one, which lets one product
    /// in at the window's start and one out at its end.
    /// </summary>
    private void FillBlock(ReadOnlySpan<float> x, ReadOnlySpan<float> y, int row, int column)
    {
        for (var i = 0; i < LagCount; i++)
            for (var j = 0; j < LagCount; j++)
            {
                double value;
                if (i == 0 || j == 0)
                    value = LaggedDot(x, i - Reach, y, j - Reach);
                else
                {
                    var lagX = i - 1 - Reach;
                    var lagY = j - 1 - Reach;
                    value = _gram[(row + i - 1) * MaxOrder + column + j - 1]
                        + At(x, -1 - lagX) * At(y, -1 - lagY) - At(x, _count - 1 - lagX) * At(y, _count - 1 - lagY);
                }
                _gram[(row + i) * MaxOrder + column + j] = value;
            }
    }

    private static double At(ReadOnlySpan<float> x, int index) => (uint)index < (uint)x.Length ? x[index] : 0;

    private void Factor()
    {
        for (var i = 0; i < _order; i++)
        {
            var row = _gram.AsSpan(i * MaxOrder, _order);
            for (var j = 0; j <= i; j++)
            {
                var other = _gram.AsSpan(j * MaxOrder, j);
                var value = row[j];
                for (var k = 0; k < other.Length; k++)
                    value -= row[k] * other[k];
                row[j] = j == i ? Math.Sqrt(Math.Max(value, 1e-300)) : value / _gram[j * MaxOrder + j];
            }
        }
    }

    private void Solve()
    {
        for (var i = 0; i < _order; i++)
        {
            var value = _weights[i];
            for (var k = 0; k < i; k++)
                value -= _gram[i * MaxOrder + k] * _weights[k];
            _weights[i] = value / _gram[i * MaxOrder + i];
        }
        for (var i = _order - 1; i >= 0; i--)
        {
            var value = _weights[i];
            for (var k = i + 1; k < _order; k++)
                value -= _gram[k * MaxOrder + i] * _weights[k];
            _weights[i] = value / _gram[i * MaxOrder + i];
        }
    }
}
