namespace Pipeline.Tests.Graph;

/// <summary>Equal within a tolerance relative to values of size 1 and more; NaN equals NaN.</summary>
internal sealed class Near(float tolerance) : IEqualityComparer<float>
{
    public bool Equals(float x, float y) => float.IsNaN(x) ? float.IsNaN(y) : Math.Abs(x - y) <= tolerance * Math.Max(1, Math.Abs(x));

    public int GetHashCode(float obj) => 0;

    public static bool All(double[] expected, float[] actual, double tolerance)
    {
        if (expected.Length != actual.Length)
            return false;
        for (var i = 0; i < actual.Length; i++)
            if (double.IsNaN(expected[i]) ? !float.IsNaN(actual[i]) : !(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i]))))
                return false;
        return true;
    }
}
