namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Eigenvalues and eigenvectors of a small symmetric matrix: Householder's reduction to three diagonals, then the QL algorithm with
/// implicit shifts (Bowdler, Martin, Reinsch, Wilkinson 1968, doi:10.1007/BF02161360: the procedures tred2 and tql2). About 4 n³
/// multiplications; allocates nothing.
/// </summary>
internal static class SymmetricEigen
{
    /// <summary>Largest order.</summary>
    public const int MostOrder = 64;

    private const double Epsilon = 2.220446049250313e-16;
    private const int MostSweeps = 64;

    /// <summary>
    /// Turns <paramref name="matrix"/> into its eigenvectors, one a column: element [row x n + i] is of eigenvector i.
    /// </summary>
    /// <param name="matrix">Symmetric and finite, [n x n].</param>
    /// <param name="values">Place for the n eigenvalues, ascending; n is its length.</param>
    /// <exception cref="ArgumentException">The sizes differ or are too large.</exception>
    public static void Decompose(Span<double> matrix, Span<double> values)
    {
        var n = values.Length;
        if (n is 0 or > MostOrder || matrix.Length != n * n)
            throw new ArgumentException($"{matrix.Length} elements and {n} values; 1 to {MostOrder} values and their square are wanted.", nameof(matrix));
        Span<double> beside = stackalloc double[n];
        Reduce(matrix, values, beside, n);
        Accumulate(matrix, values, beside, n);
        Iterate(matrix, values, beside, n);
        Sort(matrix, values, n);
    }

    private static void Reduce(Span<double> v, Span<double> d, Span<double> e, int n)
    {
        for (var j = 0; j < n; j++)
            d[j] = v[(n - 1) * n + j];
        for (var i = n - 1; i > 0; i--)
        {
            double scale = 0, h = 0;
            for (var k = 0; k < i; k++)
                scale += Math.Abs(d[k]);
            if (scale == 0)
            {
                e[i] = d[i - 1];
                for (var j = 0; j < i; j++)
                {
                    d[j] = v[(i - 1) * n + j];
                    v[i * n + j] = v[j * n + i] = 0;
                }
                d[i] = 0;
                continue;
            }
            for (var k = 0; k < i; k++)
            {
                d[k] /= scale;
                h += d[k] * d[k];
            }
            var f = d[i - 1];
            var g = f > 0 ? -Math.Sqrt(h) : Math.Sqrt(h);
            e[i] = scale * g;
            h -= f * g;
            d[i - 1] = f - g;
            Reflect(v, d, e, i, n, h);
            d[i] = h;
        }
    }

    private static void Reflect(Span<double> v, Span<double> d, Span<double> e, int i, int n, double h)
    {
        e[..i].Clear();
        for (var j = 0; j < i; j++)
        {
            var f = d[j];
            v[j * n + i] = f;
            var g = e[j] + v[j * n + j] * f;
            for (var k = j + 1; k < i; k++)
            {
                g += v[k * n + j] * d[k];
                e[k] += v[k * n + j] * f;
            }
            e[j] = g;
        }
        var sum = 0.0;
        for (var j = 0; j < i; j++)
        {
            e[j] /= h;
            sum += e[j] * d[j];
        }
        var half = sum / (h + h);
        for (var j = 0; j < i; j++)
            e[j] -= half * d[j];
        for (var j = 0; j < i; j++)
        {
            var (f, g) = (d[j], e[j]);
            for (var k = j; k < i; k++)
                v[k * n + j] -= f * e[k] + g * d[k];
            d[j] = v[(i - 1) * n + j];
            v[i * n + j] = 0;
        }
    }

    private static void Accumulate(Span<double> v, Span<double> d, Span<double> e, int n)
    {
        for (var i = 0; i < n - 1; i++)
        {
            v[(n - 1) * n + i] = v[i * n + i];
            v[i * n + i] = 1;
            var h = d[i + 1];
            if (h != 0)
            {
                for (var k = 0; k <= i; k++)
                    d[k] = v[k * n + i + 1] / h;
                for (var j = 0; j <= i; j++)
                {
                    var g = 0.0;
                    for (var k = 0; k <= i; k++)
                        g += v[k * n + i + 1] * v[k * n + j];
                    for (var k = 0; k <= i; k++)
                        v[k * n + j] -= g * d[k];
                }
            }
            for (var k = 0; k <= i; k++)
                v[k * n + i + 1] = 0;
        }
        for (var j = 0; j < n; j++)
        {
            d[j] = v[(n - 1) * n + j];
            v[(n - 1) * n + j] = 0;
        }
        v[n * n - 1] = 1;
        e[0] = 0;
    }

    private static void Iterate(Span<double> v, Span<double> d, Span<double> e, int n)
    {
        for (var i = 1; i < n; i++)
            e[i - 1] = e[i];
        e[n - 1] = 0;
        double shift = 0, largest = 0;
        for (var l = 0; l < n; l++)
        {
            largest = Math.Max(largest, Math.Abs(d[l]) + Math.Abs(e[l]));
            var m = l;
            while (m < n - 1 && Math.Abs(e[m]) > Epsilon * largest)
                m++;
            for (var sweep = 0; m > l && sweep < MostSweeps && Math.Abs(e[l]) > Epsilon * largest; sweep++)
                Sweep(v, d, e, n, l, m, ref shift);
            d[l] += shift;
            e[l] = 0;
        }
    }

    private static void Sweep(Span<double> v, Span<double> d, Span<double> e, int n, int l, int m, ref double shift)
    {
        var g = d[l];
        var p = (d[l + 1] - g) / (2 * e[l]);
        var r = p < 0 ? -Math.Sqrt(p * p + 1) : Math.Sqrt(p * p + 1);
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        var next = d[l + 1];
        var h = g - d[l];
        for (var i = l + 2; i < n; i++)
            d[i] -= h;
        shift += h;
        p = d[m];
        double c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0;
        var after = e[l + 1];
        for (var i = m - 1; i >= l; i--)
        {
            (c3, c2, s2) = (c2, c, s);
            g = c * e[i];
            h = c * p;
            r = Math.Sqrt(p * p + e[i] * e[i]);
            e[i + 1] = s * r;
            s = e[i] / r;
            c = p / r;
            p = c * d[i] - s * g;
            d[i + 1] = h + s * (c * g + s * d[i]);
            for (var k = 0; k < n; k++)
            {
                var row = k * n + i;
                h = v[row + 1];
                v[row + 1] = s * v[row] + c * h;
                v[row] = c * v[row] - s * h;
            }
        }
        p = -s * s2 * c3 * after * e[l] / next;
        e[l] = s * p;
        d[l] = c * p;
    }

    private static void Sort(Span<double> v, Span<double> d, int n)
    {
        for (var i = 0; i < n - 1; i++)
        {
            var least = i;
            for (var j = i + 1; j < n; j++)
                if (d[j] < d[least])
                    least = j;
            if (least == i)
                continue;
            (d[i], d[least]) = (d[least], d[i]);
            for (var row = 0; row < n * n; row += n)
                (v[row + i], v[row + least]) = (v[row + least], v[row + i]);
        }
    }
}
