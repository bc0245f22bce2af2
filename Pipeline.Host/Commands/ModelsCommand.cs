using System.CommandLine;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;

namespace Pipeline.Host.Commands;

/// <summary><c>models</c>: the model packages that are found.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var more = new Option<string?>("--models") { Description = "Another folder of model packages, or one package.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "All that the packages say of themselves, as JSON." };
        var command = new DocumentedCommand(
            "models", "List the networks that can estimate: what they take, their size, their error, their data and its terms.",
            "./pipeline models",
            "./pipeline models --models my-models --json")
        {
            more, json,
        };
        command.SetAction(parsed =>
        {
            var found = ModelCatalog.Find(parsed.GetValue(more));
            ModelTable.Write(found, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return found.Any(model => model.Fault is not null) ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }
}
