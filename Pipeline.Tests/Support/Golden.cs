using System.Globalization;

namespace Pipeline.Tests.Support;

/// <summary>Files under Golden/.</summary>
internal static class Golden
{
    /// <summary>One array a line, numbers separated by blanks.</summary>
    public static float[][] Rows(string name) =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", name))
            .Select(line => line.Split(' ').Select(v => float.Parse(v, CultureInfo.InvariantCulture)).ToArray()),
    ];
}
