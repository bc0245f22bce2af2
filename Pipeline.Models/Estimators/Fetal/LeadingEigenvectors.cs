using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// The first eigenvectors of a symmetric matrix without negative eigenvalues, where all of them would cost several times more: orthogonal
/// iteration of a few vectors more than are wanted, then the eigenvectors of the matrix within them (Rutishauser 1970,
/// doi:10.1007/BF02219773). The iteration is with the matrix's fourth power, so that a round counts as four. Of eigenvalues that are nearly
/// equal the vectors may be mixed. Allocates nothing.
/// </summary>
internal static class LeadingEigenvectors
{
    /// <summary>Most vectors.</summary>
    public const int Most = 3;

    private const int Extra = 3, Rounds = 12;

    /// <summary>Finds as many as <paramref name="values"/> has places; there are no more than the matrix has rows.</summary>
    /// <param name="matrix">Symmetric and finite, [n x n].</param>
    /// <param name="n">Rows of the matrix.</param>
    /// <param name="values">Gets the largest eigenvalues, descending; at most <see cref="Most"/>.</param>
    /// <param name="vectors">Gets their eigenvectors, one a row: [values x n]; of an eigenvalue 0 it may be zeros.</param>
    public static void Find(ReadOnlySpan<double> matrix, int n, Span<double> values, Span<double> vectors)
    {
        var wide = Math.Min(n, values.Length + Extra);
        Span<double> basis = stackalloc double[wide * n], next = stackalloc double[wide * n], square = stackalloc double[n * n], fourth = stackalloc double[n * n];
        var trace = 0.0;
        for (var i = 0; i < n; i++)
            trace += matrix[i * n + i];
        Multiply(matrix, matrix, n, n, square);
        TensorPrimitives.Multiply(square, trace > 0 ? 1 / (trace * trace) : 0, square);
        Multiply(square, square, n, n, fourth);
        for (var v = 0; v < wide; v++)
            for (var i = 0; i < n; i++)
                basis[v * n + i] = Math.Cos(Math.PI * v * (i + 0.5) / n);
        Orthonormalize(basis, wide, n);
        for (var round = 0; round < Rounds; round++)
        {
            Multiply(fourth, basis, wide, n, next);
            next.CopyTo(basis);
            Orthonormalize(basis, wide, n);
        }
        Multiply(matrix, basis, wide, n, next);
        Span<double> within = stackalloc double[wide * wide], all = stackalloc double[wide];
        for (var a = 0; a < wide; a++)
            for (var b = 0; b <= a; b++)
                within[a * wide + b] = within[b * wide + a] = TensorPrimitives.Dot<double>(basis.Slice(a * n, n), next.Slice(b * n, n));
        SymmetricEigen.Decompose(within, all);
        for (var k = 0; k < values.Length; k++)
        {
            var column = wide - 1 - k;
            values[k] = all[column];
            var vector = vectors.Slice(k * n, n);
            vector.Clear();
            for (var v = 0; v < wide; v++)
                TensorPrimitives.MultiplyAdd(basis.Slice(v * n, n), within[v * wide + column], vector, vector);
        }
    }

    private static void Multiply(ReadOnlySpan<double> matrix, ReadOnlySpan<double> vectors, int count, int n, Span<double> products)
    {
        for (var v = 0; v < count; v++)
            for (var row = 0; row < n; row++)
                products[v * n + row] = TensorPrimitives.Dot(matrix.Slice(row * n, n), vectors.Slice(v * n, n));
    }

    /// <summary>Gram and Schmidt, twice against rounding; what depends on the vectors before becomes 0.</summary>
    private static void Orthonormalize(Span<double> vectors, int count, int n)
    {
        for (var v = 0; v < count; v++)
        {
            var vector = vectors.Slice(v * n, n);
            var whole = TensorPrimitives.Norm<double>(vector);
            for (var pass = 0; pass < 2; pass++)
                for (var other = 0; other < v; other++)
                {
                    var before = vectors.Slice(other * n, n);
                    TensorPrimitives.MultiplyAdd(before, -TensorPrimitives.Dot<double>(before, vector), vector, vector);
                }
            var norm = TensorPrimitives.Norm<double>(vector);
            TensorPrimitives.Multiply(vector, norm > 1e-12 * whole ? 1 / norm : 0, vector);
        }
    }
}
