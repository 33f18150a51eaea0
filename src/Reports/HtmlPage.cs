using System.Text.Encodings.Web;
using System.Text.Unicode;
using Fluid;

namespace AaClip.Reports;

/// <summary>
/// A report as one HTML file that needs nothing else: a Liquid template, embedded beside the class that fills it, inside the layout and
/// style that all reports share. Every value is escaped; <c>| raw</c> in a template is for Base64 alone.
/// </summary>
public sealed class HtmlPage
{
    private static readonly FluidParser Parser = new();

    // Strict: a name that a template misspells throws instead of leaving a gap. Null counts as missing: models hold "" or false.
    private static readonly TemplateOptions Options = new()
    {
        MemberAccessStrategy = new UnsafeMemberAccessStrategy(), // all properties of the model: the templates are ours
        StrictVariables = true,
        StrictFilters = true,
    };

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly IFluidTemplate Layout = Read(typeof(HtmlPage), "layout.liquid");

    private readonly IFluidTemplate _body;

    /// <summary>Reads a template.</summary>
    /// <param name="owner">Class in whose assembly and namespace the file is embedded.</param>
    /// <param name="file">Name of the file: "job.liquid".</param>
    /// <exception cref="ArgumentException">There is no such file, or it is no template; the message says where.</exception>
    public HtmlPage(Type owner, string file) => _body = Read(owner, file);

    /// <summary>Fills the template in.</summary>
    /// <param name="title">Of the page.</param>
    /// <param name="model">Its public properties are the template's variables, as are those of what they hold; none is null.</param>
    /// <exception cref="FluidException">The template asks for what the model does not have.</exception>
    public string Render(string title, object model)
    {
        string body = _body.Render(new TemplateContext(model, Options), Encoder);
        return Layout.Render(new TemplateContext(new { Title = title, Body = body }, Options), Encoder);
    }

    private static IFluidTemplate Read(Type owner, string file)
    {
        using Stream stream =
            owner.Assembly.GetManifestResourceStream(owner, file)
            ?? throw new ArgumentException($"No '{file}' is embedded beside {owner.FullName}: make it an EmbeddedResource.", nameof(file));
        using StreamReader reader = new(stream);
        return Parser.TryParse(reader.ReadToEnd(), out IFluidTemplate template, out string error)
            ? template
            : throw new ArgumentException($"{file} is no Liquid template: {error}", nameof(file));
    }
}
