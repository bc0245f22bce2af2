using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Estimators.Fetal;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

/// <summary>The numeric parts of the fetal estimator, each against a plain second implementation.</summary>
public sealed class FetalMathTests
{
    [Fact]
    public void Eigenvectors_are_orthonormal_and_the_matrix_stretches_them_by_the_eigenvalues()
    {
        foreach (var n in (int[])[1, 2, 3, 4, 11, 30, 44, 64])
        {
            var random = new Random(n);
            var matrix = Symmetric(random, n);
            var (vectors, values) = (matrix.ToArray(), new double[n]);

            SymmetricEigen.Decompose(vectors, values);

            Assert.Equal(values.Order(), values);
            for (var i = 0; i < n; i++)
                for (var row = 0; row < n; row++)
                {
                    var stretched = Enumerable.Range(0, n).Sum(k => matrix[row * n + k] * vectors[k * n + i]);
                    Assert.Equal(values[i] * vectors[row * n + i], stretched, 1e-10 * n);
                    Assert.Equal(i == row ? 1 : 0, Enumerable.Range(0, n).Sum(k => vectors[k * n + i] * vectors[k * n + row]), 1e-12 * n);
                }
        }
    }

    [Fact]
    public void Eigenvalues_that_are_equal_or_zero_are_found()
    {
        double[] matrix = [2, 0, 0, 0, 2, 0, 0, 0, 0];
        var values = new double[3];

        SymmetricEigen.Decompose(matrix, values);

        Assert.Equal([0, 2, 2], values);
    }

    [Fact]
    public void The_first_eigenvectors_are_those_of_all_of_them()
    {
        foreach (var (n, wanted) in (ReadOnlySpan<(int, int)>)[(1, 1), (2, 2), (4, 3), (12, 3), (30, 3)])
        {
            // Eigenvalues that halve: 1, 1/2, 1/4, …
            double[] directions = Symmetric(new Random(n), n), matrix = new double[n * n], all = new double[n];
            SymmetricEigen.Decompose(directions, all);
            for (var i = 0; i < n * n; i++)
                matrix[i] = Enumerable.Range(0, n).Sum(k => Math.Pow(0.5, k) * directions[i / n * n + k] * directions[i % n * n + k]);
            double[] values = new double[wanted], vectors = new double[wanted * n];

            LeadingEigenvectors.Find(matrix, n, values, vectors);

            for (var k = 0; k < wanted; k++)
            {
                Assert.Equal(Math.Pow(0.5, k), values[k], 1e-6);
                Assert.Equal(1, Math.Abs(Enumerable.Range(0, n).Sum(i => vectors[k * n + i] * directions[i * n + k])), 1e-4);
            }
        }
    }

    [Fact]
    public void A_matrix_without_rank_has_eigenvalues_of_zero()
    {
        double[] values = [1, 1, 1], vectors = new double[12];

        LeadingEigenvectors.Find([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4, values, vectors);

        Assert.Equal(2, values[0], 1e-9);
        Assert.Equal(0, values[1], 1e-9);
        Assert.All(vectors, v => Assert.True(double.IsFinite(v)));
    }

    [Fact]
    public void A_matrix_that_is_no_square_is_refused() =>
        Assert.Contains("square", Assert.Throws<ArgumentException>(() => SymmetricEigen.Decompose(new double[6], new double[2])).Message, StringComparison.Ordinal);

    [Fact]
    public void Equations_are_solved()
    {
        var random = new Random(3);
        const int N = 12;
        double[] half = [.. Enumerable.Range(0, N * N).Select(_ => random.NextDouble() - 0.5)], solution = [.. Enumerable.Range(0, N).Select(_ => random.NextDouble())];
        var matrix = new double[N * N];
        for (var i = 0; i < N; i++)
            for (var j = 0; j < N; j++)
                matrix[i * N + j] = Enumerable.Range(0, N).Sum(k => half[i * N + k] * half[j * N + k]) + (i == j ? 0.1 : 0);
        double[] side = [.. Enumerable.Range(0, N).Select(i => Enumerable.Range(0, N).Sum(k => matrix[i * N + k] * solution[k]))];

        Cholesky.Factor(matrix, N);
        Cholesky.Solve(matrix, side);

        for (var i = 0; i < N; i++)
            Assert.Equal(solution[i], side[i], 1e-9);
    }

    [Fact]
    public void Quantiles_equal_those_of_sorted_values() =>
        Prop.ForAll(Gen.Choose(1, 60).SelectMany(n => Gen.Choose(-9, 9).ArrayOf(n)).ToArbitrary(), Gen.Choose(0, 100).ToArbitrary(), (numbers, percent) =>
        {
            float[] values = [.. numbers.Select(n => (float)n)], sorted = [.. values.Order()];
            var place = percent / 100.0 * (sorted.Length - 1);
            var below = (int)place;
            var expected = sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
            var median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
            return Medians.Of(values.ToArray()) == median && Math.Abs(Medians.Quantile(values.ToArray(), percent / 100.0) - expected) < 1e-5
                && Medians.Select(values.ToArray(), sorted.Length / 3) == sorted[sorted.Length / 3];
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Columns_are_sorted_each_by_itself()
    {
        var (random, sort) = (new Random(7), new ColumnSort());
        foreach (var (rows, columns) in (ReadOnlySpan<(int, int)>)[(1, 5), (2, 8), (3, 31), (14, 187), (30, 44), (33, 9), (80, 512)])
        {
            var table = Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => (float)random.Next(-20, 20)).ToArray()).ToArray();
            void Fill()
            {
                sort.Begin(columns);
                foreach (var row in table)
                    row.CopyTo(sort.Add());
            }
            float[] medians = new float[columns], ranked = new float[columns];

            Fill();
            sort.Medians(medians);
            Fill();
            sort.Ranked(rows / 3, ranked);

            for (var c = 0; c < columns; c++)
            {
                float[] column = [.. table.Select(row => row[c]).Order()];
                Assert.Equal(Medians.Of([.. column]), medians[c]);
                Assert.Equal(column[rows / 3], ranked[c]);
            }
        }
    }

    [Fact]
    public void Local_means_are_those_of_the_samples_that_the_window_holds()
    {
        var random = new Random(4);
        var level = new LocalLevel();
        foreach (var (count, length) in (ReadOnlySpan<(int, int)>)[(1, 5), (4, 9), (50, 7), (50, 8), (300, 250), (100, 625)])
        {
            float[] samples = [.. Enumerable.Range(0, count).Select(_ => (float)SyntheticEcg.Normal(random))], means = new float[count], squares = new float[count];

            level.Means(samples, length, means);
            level.RootMeanSquares(samples, length, squares);

            for (var i = 0; i < count; i++)
            {
                var around = samples[Math.Max(0, i - length / 2)..Math.Min(count, i - length / 2 + length)];
                Assert.Equal(around.Average(), means[i], 1e-5);
                Assert.Equal(Math.Sqrt(around.Average(v => v * v)), squares[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Mixed_sources_are_taken_apart()
    {
        const int Length = 3000;
        var random = new Random(5);
        var sources = new float[3][];
        for (var s = 0; s < 3; s++)
            sources[s] = [.. Enumerable.Range(0, Length).Select(i => (float)(s == 0 ? Math.Pow(Math.Sin(i / 17.0), 9) : s == 1 ? i % 97 == 0 ? 8 : 0 : random.NextDouble() - 0.5))];
        var mixed = SignalRows.Array(3);
        var rows = new SignalRows(mixed, 3, Length);
        for (var r = 0; r < 3; r++)
            for (var i = 0; i < Length; i++)
                rows[r][i] = sources[r][i] + 0.6f * sources[(r + 1) % 3][i] - 0.3f * sources[(r + 2) % 3][i] + 4;
        var matrix = new float[9];

        new IndependentComponents().Find(rows, matrix);

        var found = Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, Length).Select(i => (double)(matrix[c * 3] * mixed[i] + matrix[c * 3 + 1] * mixed[3000 + i]
            + matrix[c * 3 + 2] * mixed[6000 + i])).ToArray()).ToArray();
        foreach (var source in sources)
            Assert.True(found.Max(component => Math.Abs(Correlation(component, source))) > 0.99);
    }

    private static double Correlation(double[] a, float[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        var product = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return product / Math.Sqrt(a.Sum(x => (x - meanA) * (x - meanA)) * b.Sum(y => (double)(y - meanB) * (y - meanB)));
    }

    private static double[] Symmetric(Random random, int n)
    {
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                matrix[i * n + j] = matrix[j * n + i] = SyntheticEcg.Normal(random);
        return matrix;
    }
}
