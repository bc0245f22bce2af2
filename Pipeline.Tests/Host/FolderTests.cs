using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>Folders use each other in one direction: a change then reaches only what lies above it.</summary>
public sealed class FolderTests
{
    [Theory]
    [InlineData("Pipeline.Host")]
    [InlineData("Pipeline.Chaos")]
    public void The_folders_of_a_project_make_no_cycle(string project)
    {
        var graph = FolderGraph.OfProject(Path.Combine(RepositoryRoot.Path, project));

        Assert.NotEmpty(graph.Folders);
        Assert.Null(graph.FindCycle());
    }

    [Fact]
    public void A_cycle_is_found_by_imports_and_by_qualified_names_and_told_with_its_files()
    {
        var graph = FolderGraph.Of("P", new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["A"] = new Dictionary<string, string> { ["One.cs"] = "using P.B;\nclass One { C.Missing x; }" },
            ["B"] = new Dictionary<string, string> { ["Two.cs"] = "class Two { object x = new C.Three(); }" },
            ["C"] = new Dictionary<string, string> { ["Three.cs"] = "using P.A;\nclass Three;" },
            ["D"] = new Dictionary<string, string> { ["Four.cs"] = "using P.A;\nusing P.B;\nclass Four;" },
        });

        Assert.Equal("A (One.cs) → B (Two.cs) → C (Three.cs) → A", graph.FindCycle());
    }

    [Fact]
    public void Nothing_that_looks_like_a_folder_alone_is_a_use()
    {
        var graph = FolderGraph.Of("P", new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["A"] = new Dictionary<string, string> { ["One.cs"] = "using P.B;\nclass One;" },
            ["B"] = new Dictionary<string, string> { ["Two.cs"] = "class Two { string x = mark.A.One; int y = A.Length; }" },
        });

        Assert.Null(graph.FindCycle());
    }
}
