// Puts the reader widget beside every page. Its one place of configuration is
// `customFields.bookChat` in docusaurus.config.js; without a server there is no widget.
import ExecutionEnvironment from '@docusaurus/ExecutionEnvironment';
import siteConfig from '@generated/docusaurus.config';
import './book-chat.css';

const {server, ...attributes} = siteConfig.customFields?.bookChat ?? {};

if (ExecutionEnvironment.canUseDOM && server) {
  const script = document.createElement('script');
  script.src = `${server.replace(/\/$/, '')}/widget.js`;
  script.async = true;
  Object.assign(script.dataset, attributes);
  document.head.append(script);
}
