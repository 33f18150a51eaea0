using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AaClip.Cli;

/// <summary>A verb with examples, which its own help shows at the end and the list of verbs leaves out.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Makes the help of all verbs end with their examples.</summary>
    public static void ShowExamples(RootCommand root, params string[] examples)
    {
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction help } option)
            option.Action = new HelpWithExamples(help, examples);
    }

    private sealed class HelpWithExamples(HelpAction help, string[] ofRoot) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in parseResult.CommandResult.Command is Verb verb ? verb.Examples : ofRoot)
                output.WriteLine($"  {example}");
            return code;
        }
    }

    private string[] Examples { get; } = examples;

    /// <summary>
    /// What must hold between options: each gives what is wrong, or null. The library's validators of commands would keep it from reading
    /// the values of the options.
    /// </summary>
    public List<Func<ParseResult, string?>> Rules { get; } = [];

    /// <summary>Whether an option stands on the command line, with a value or without: asking for a value that is missing throws.</summary>
    public static bool Has(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };
}
