namespace Pipeline.Benchmarks;

/// <summary>One benchmark: a class in its own file, registered in <see cref="Catalog"/>.</summary>
internal interface IBenchmark
{
    /// <summary>What the user types after <c>./pipeline bench</c>; lower case with hyphens.</summary>
    string Name { get; }

    /// <summary>One line: what is measured, under which conditions, against what.</summary>
    string Summary { get; }

    /// <summary>Measures and adds each figure to <paramref name="report"/> as soon as it is known.</summary>
    Task RunAsync(Report report, CancellationToken stop);
}
