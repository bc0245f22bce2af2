namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Linear equations with a symmetric, positive definite matrix.</summary>
internal static class Cholesky
{
    /// <summary>Makes the lower half of <paramref name="matrix"/>, [n x n], its factor L with matrix = L Lᵀ.</summary>
    public static void Factor(Span<double> matrix, int n)
    {
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
            {
                var row = matrix.Slice(i * n, j);
                var other = matrix.Slice(j * n, j);
                var value = matrix[i * n + j];
                for (var k = 0; k < row.Length; k++)
                    value -= row[k] * other[k];
                matrix[i * n + j] = j == i ? Math.Sqrt(Math.Max(value, 1e-300)) : value / matrix[j * n + j];
            }
    }

    /// <summary>Turns the right side into the solution, by the <paramref name="factor"/>.</summary>
    public static void Solve(ReadOnlySpan<double> factor, Span<double> side)
    {
        var n = side.Length;
        for (var i = 0; i < n; i++)
        {
            var value = side[i];
            for (var k = 0; k < i; k++)
                value -= factor[i * n + k] * side[k];
            side[i] = value / factor[i * n + i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            var value = side[i];
            for (var k = i + 1; k < n; k++)
                value -= factor[k * n + i] * side[k];
            side[i] = value / factor[i * n + i];
        }
    }
}
