/** The build's own name, a digest of its content; put in by build.mjs, absent in tests. */
declare const BUILD: string | undefined;

declare module "*.css" {
  const text: string;
  export default text;
}
