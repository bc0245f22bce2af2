using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Independent components of up to four signals: FastICA, symmetric, with tanh (Hyvärinen 1999, doi:10.1109/72.761722), begun where the
/// last window's ended. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class IndependentComponents
{
    private const int Most = FetalTiming.MostLeads;
    private const int MostRounds = 12;
    private const double Close = 1e-3;
    private const int Skip = 2;             // the matrix is found from every second sample

    private readonly float[] _white = SignalRows.Array(Most);
    private readonly float[] _component = new float[FetalTiming.WindowSamples];
    private readonly double[] _whitening = new double[Most * Most], _rotation = new double[Most * Most], _next = new double[Most * Most];
    private readonly double[] _work = new double[Most * Most], _work2 = new double[Most * Most];
    private readonly double[] _values = new double[Most], _means = new double[Most];

    /// <summary>
    /// Finds the unmixing matrix, [components x signals], of as many components as signals: component = matrix x signals. Components have
    /// variance 1.
    /// </summary>
    /// <param name="signals">The signals.</param>
    /// <param name="matrix">Where to begin, or zeros; then the result. Signals² elements.</param>
    public void Find(SignalRows signals, Span<float> matrix)
    {
        var n = signals.Count;
        Whiten(signals);
        Begin(matrix, n);
        var white = new SignalRows(_white, n, (signals.Length + Skip - 1) / Skip);
        for (var round = 0; round < MostRounds; round++)
        {
            Step(white, n);
            var change = 0.0;
            for (var c = 0; c < n; c++)
            {
                var dot = 0.0;
                for (var k = 0; k < n; k++)
                    dot += _next[c * n + k] * _rotation[c * n + k];
                change = Math.Max(change, Math.Abs(Math.Abs(dot) - 1));
            }
            _next.AsSpan(0, n * n).CopyTo(_rotation);
            if (change < Close)
                break;
        }
        Multiply(_rotation, _whitening, _work, n);
        for (var i = 0; i < n * n; i++)
            matrix[i] = (float)_work[i];
    }

    private void Whiten(SignalRows signals)
    {
        var n = signals.Count;
        for (var c = 0; c < n; c++)
            _means[c] = TensorPrimitives.Sum<float>(signals[c]) / signals.Length;
        for (var a = 0; a < n; a++)
            for (var b = 0; b <= a; b++)
                _work[a * n + b] = _work[b * n + a] = TensorPrimitives.Dot<float>(signals[a], signals[b]) / (double)signals.Length - _means[a] * _means[b];
        SymmetricEigen.Decompose(_work.AsSpan(0, n * n), _values.AsSpan(0, n));
        var least = 1e-8 * _values[n - 1] + 1e-30;
        for (var i = 0; i < n; i++)
            for (var k = 0; k < n; k++)
                _whitening[i * n + k] = _work[k * n + i] / Math.Sqrt(Math.Max(_values[i], least));
        var white = new SignalRows(_white, n, signals.Length);
        var thinned = (signals.Length + Skip - 1) / Skip;
        for (var i = 0; i < n; i++)
        {
            var offset = 0.0;
            white[i].Clear();
            for (var k = 0; k < n; k++)
            {
                TensorPrimitives.MultiplyAdd(signals[k], (float)_whitening[i * n + k], white[i], white[i]);
                offset += _whitening[i * n + k] * _means[k];
            }
            TensorPrimitives.Subtract(white[i], (float)offset, white[i]);
            var row = white[i];
            for (var k = 0; k < thinned; k++)
                row[k] = row[Skip * k];
        }
    }

    // A matrix in lead space is one in the white space times the inverse of the whitening, which is (eigenvector x root of the eigenvalue).
    private void Begin(ReadOnlySpan<float> matrix, int n)
    {
        var known = false;
        foreach (var element in matrix[..(n * n)])
            known |= element != 0;
        for (var c = 0; c < n; c++)
            for (var i = 0; i < n; i++)
            {
                var value = 0.0;
                for (var k = 0; known && k < n; k++)
                    value += matrix[c * n + k] * _work[k * n + i] * Math.Sqrt(Math.Max(_values[i], 1e-8 * _values[n - 1] + 1e-30));
                _next[c * n + i] = known ? value : c == i ? 1 : 0;
            }
        Orthogonalize(n);
        _next.AsSpan(0, n * n).CopyTo(_rotation);
    }

    private void Step(SignalRows white, int n)
    {
        var component = _component.AsSpan(0, white.Length);
        for (var c = 0; c < n; c++)
        {
            component.Clear();
            for (var k = 0; k < n; k++)
                TensorPrimitives.MultiplyAdd(white[k], (float)_rotation[c * n + k], component, component);
            TensorPrimitives.Tanh(component, component);
            var slope = 1 - TensorPrimitives.SumOfSquares<float>(component) / (double)white.Length;
            for (var k = 0; k < n; k++)
                _next[c * n + k] = TensorPrimitives.Dot<float>(component, white[k]) / (double)white.Length - slope * _rotation[c * n + k];
        }
        Orthogonalize(n);
    }

    /// <summary>W becomes (W Wᵀ)^−½ W.</summary>
    private void Orthogonalize(int n)
    {
        var square = _work2.AsSpan(0, n * n);
        var values = _valuesOfSquare.AsSpan(0, n);
        for (var a = 0; a < n; a++)
            for (var b = 0; b < n; b++)
            {
                var sum = 0.0;
                for (var k = 0; k < n; k++)
                    sum += _next[a * n + k] * _next[b * n + k];
                square[a * n + b] = sum;
            }
        SymmetricEigen.Decompose(square, values);
        Span<double> root = stackalloc double[n * n];
        for (var a = 0; a < n; a++)
            for (var b = 0; b < n; b++)
            {
                var sum = 0.0;
                for (var i = 0; i < n; i++)
                    sum += square[a * n + i] * square[b * n + i] / Math.Sqrt(Math.Max(values[i], 1e-12 * values[n - 1] + 1e-300));
                root[a * n + b] = sum;
            }
        Span<double> turned = stackalloc double[n * n];
        Multiply(root, _next, turned, n);
        turned.CopyTo(_next);
    }

    private readonly double[] _valuesOfSquare = new double[Most];

    private static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> product, int n)
    {
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                for (var k = 0; k < n; k++)
                    sum += a[i * n + k] * b[k * n + j];
                product[i * n + j] = sum;
            }
    }
}
