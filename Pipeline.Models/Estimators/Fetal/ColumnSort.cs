using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// Sorts the columns of a small table, eight at a time: medians and quantiles over beats, of each sample of the beat. Merge exchange of
/// Batcher (Knuth, The Art of Computer Programming 5.2.2, algorithm M). One thread at a time.
/// </summary>
internal sealed class ColumnSort
{
    /// <summary>Most rows.</summary>
    public const int MostRows = 80;

    /// <summary>Most columns.</summary>
    public const int MostColumns = 512;

    private readonly float[] _values = new float[MostRows * MostColumns];
    private int _columns, _stride;

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Empties the table, which then has <paramref name="columns"/> columns.</summary>
    public void Begin(int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, MostColumns);
        (_columns, _stride, Count) = (columns, (columns + 7) & ~7, 0);
    }

    /// <summary>The next row, whose numbers are to be written; none may be NaN.</summary>
    public Span<float> Add() => Row(Count++);

    /// <summary>Writes the median of each column, of an even number of rows the mean of the two in the middle. There is at least one
    /// row.</summary>
    public void Medians(Span<float> medians)
    {
        Sort();
        ReadOnlySpan<float> lower = Row((Count - 1) / 2), upper = Row(Count / 2);
        for (var i = 0; i < medians.Length; i++)
            medians[i] = (lower[i] + upper[i]) / 2;
    }

    /// <summary>Writes the number at <paramref name="rank"/>, from 0, of each sorted column.</summary>
    public void Ranked(int rank, Span<float> values)
    {
        Sort();
        Row(rank)[..values.Length].CopyTo(values);
    }

    private Span<float> Row(int row) => _values.AsSpan(row * _stride, _columns);

    private void Sort()
    {
        var top = 1;
        while (2 * top < Count)
            top *= 2;
        for (var p = top; p > 0; p /= 2)
        {
            var (q, r, d) = (top, 0, p);
            while (true)
            {
                for (var i = 0; i + d < Count; i++)
                    if ((i & p) == r)
                        Exchange(i, i + d);
                if (q == p)
                    break;
                (d, q, r) = (q - p, q / 2, p);
            }
        }
    }

    /// <summary>Puts the lesser number of each column into row <paramref name="first"/>, the greater into row
    /// <paramref name="second"/>.</summary>
    private void Exchange(int first, int second)
    {
        var a = MemoryMarshal.Cast<float, Vector256<float>>(_values.AsSpan(first * _stride, _stride));
        var b = MemoryMarshal.Cast<float, Vector256<float>>(_values.AsSpan(second * _stride, a.Length * Vector256<float>.Count));
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            var (one, other) = (a[i], b[i]);
            a[i] = Vector256.MinNative(one, other);
            b[i] = Vector256.MaxNative(one, other);
        }
    }
}
