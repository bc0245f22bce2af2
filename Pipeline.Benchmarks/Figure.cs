namespace Pipeline.Benchmarks;

/// <summary>What a figure is held against.</summary>
/// <param name="Name">Whose value it is; says "published" where it was not measured in the same run.</param>
/// <param name="Value">Its value, in the figure's unit.</param>
internal readonly record struct Reference(string Name, double Value);

/// <summary>One measured figure.</summary>
/// <param name="Metric">Name, lower case with underscores.</param>
/// <param name="Value">The value: the median over the rounds, unless the metric's name says otherwise.</param>
/// <param name="Unit">UCUM or a plain word; <c>1</c> for a bare ratio.</param>
/// <param name="Reference">What it is compared with; null when there is nothing.</param>
internal readonly record struct Figure(string Metric, double Value, string Unit, Reference? Reference = null)
{
    /// <summary>Value over the reference's value; null without a reference.</summary>
    public double? Ratio => Reference is { } reference ? Value / reference.Value : null;
}
